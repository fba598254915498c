import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from microface.chip.firmware import host_library, toolchain
from microface.chip.firmware.elf import Firmware
from microface.chip.firmware.host_library import build_host_library, sanitizer_environment
from microface.chip.firmware.linker import LinkLayout, linker_script, startup_code
from microface.chip.firmware.toolchain import compile_objects, link
from microface.chip.targets import Target
from microface.errors import DamagedFileError, UserError

CHIP = Target.load("stm32h743zi")
PROGRAM = """
#include "number.h"
int main(void);
int twice(int x);
__attribute__((noinline)) int twice(int x) { return x * NUMBER; }
int main(void) { return twice(21); }
"""
LIBRARY = """
#include <stdint.h>
#define OPEN __attribute__((visibility("default")))
OPEN int32_t triple(int32_t x);
OPEN int32_t element(const int32_t *values, int32_t index);
int32_t hidden(int32_t x);
int32_t hidden(int32_t x) { return x + 1; }
OPEN int32_t triple(int32_t x) { return x * 3; }
OPEN int32_t element(const int32_t *values, int32_t index) { return values[index]; }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project")


def write_project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "number.h").write_text("#define NUMBER 2\n")
    (folder / "main.c").write_text(PROGRAM)
    (folder / "startup.c").write_text(startup_code(CHIP))
    (folder / "link.ld").write_text(linker_script(CHIP, LinkLayout(512, 0)))
    return folder


def build(folder: Path, flags: tuple[str, ...] = (), compiler: str = "zig") -> Path:
    sources = [folder / "startup.c", folder / "main.c"]
    objects = compile_objects(sources, CHIP, [folder], folder / "out", (), compiler, flags)
    return link(objects, folder / "link.ld", folder / "out" / "firmware.elf", CHIP, compiler=compiler)


def test_two_builds_in_two_folders_give_the_same_bytes(tmp_path, monkeypatch):
    built = []
    for name in ("one", "another/much/deeper"):
        # Each with a cache of objects of its own; zig's own cache of its run-time library may stay.
        monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(toolchain.user_cache_path("microface") / "zig"))
        monkeypatch.setattr(toolchain, "cache_folder", lambda name=name: tmp_path / name / "cache")
        built.append(build(write_project(tmp_path / name / "project")).read_bytes())
    assert built[0] == built[1]


def test_objects_come_from_the_cache_and_follow_their_headers(project, monkeypatch):
    first = build(project).read_bytes()
    calls: list[object] = []
    real = toolchain.run_tool
    monkeypatch.setattr(toolchain, "run_tool", lambda *given: calls.append(given[1]) or real(*given))
    assert build(project).read_bytes() == first
    assert calls == [project / "out" / "firmware.elf"]
    (project / "number.h").write_text("#define NUMBER 3 + 0x7000\n")
    assert build(project).read_bytes() != first


def test_what_does_not_compile_is_told_in_one_line_and_leaves_nothing(project):
    (project / "main.c").write_text("int main(void) { return undeclared; }\n")
    with pytest.raises(UserError, match=r"main\.c: does not build: .*undeclared") as caught:
        build(project)
    assert "\n" not in str(caught.value)
    assert not list((project / "out").glob("*main*"))


def test_warnings_are_errors(project):
    (project / "main.c").write_text(
        "#include <stdint.h>\nint main(void) { int32_t a = 300; int8_t b = a; return b; }\n"
    )
    with pytest.raises(UserError, match="implicit conversion"):
        build(project)


def test_what_does_not_link_is_told_in_one_line(project):
    (project / "main.c").write_text("int away(void);\nint main(void) { return away(); }\n")
    with pytest.raises(UserError, match=r"firmware\.elf: does not build: .*away"):
        build(project)
    assert not (project / "out" / "firmware.elf").exists()


def test_two_sources_of_one_name_are_refused(project):
    other = write_project(project / "other")
    with pytest.raises(UserError, match=r"main\.c: is given twice"):
        compile_objects([project / "main.c", other / "main.c"], CHIP, [project], project / "out")


def test_unknown_compilers_and_the_host_are_refused(project):
    with pytest.raises(UserError, match="choose zig or gcc"):
        build(project, compiler="tcc")
    with pytest.raises(UserError, match="is not a chip"):
        compile_objects([project / "main.c"], Target.load("host"), [], project)


def test_gcc_for_arm_builds_the_same_program(project):
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    assert "twice" in Firmware(build(project, compiler="gcc")).symbols


def test_gcc_for_arm_is_asked_for_where_it_is_missing(project, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(UserError, match="arm-none-eabi-gcc: is not found"):
        build(project, compiler="gcc")


def test_an_elf_file_names_functions_sections_and_sizes(project):
    firmware = Firmware(build(project))
    twice = firmware.symbol("twice")
    assert firmware.function_at(twice.address) == twice == firmware.function_at(twice.address + twice.size - 1)
    assert firmware.function_at(0x20000000) is None
    assert firmware.entry == firmware.symbol("Reset_Handler").address
    assert firmware.symbol("mf_stack_top").address == 0x20000000 + 512
    assert firmware.bytes_of(".stack") == 512
    assert firmware.flash_bytes == firmware.bytes_of(".vectors") + firmware.bytes_of(".text") + firmware.bytes_of(
        ".rod"
    )
    assert firmware.line_at(twice.address) is None
    with pytest.raises(UserError, match="has no symbol thrice"):
        firmware.symbol("thrice")


def test_lines_are_found_where_the_objects_have_them(project):
    sources = [project / "startup.c", project / "main.c"]
    objects = compile_objects(sources, CHIP, [project], project / "out", extra_flags=["-g1"])
    firmware = Firmware(objects[1])
    assert firmware.line_at(firmware.symbol("twice").address).file == "main.c"


def test_a_file_that_is_no_elf_is_refused(tmp_path):
    path = tmp_path / "firmware.elf"
    path.write_bytes(b"MZ" * 100)
    with pytest.raises(DamagedFileError, match="is not an ELF file"):
        Firmware(path)


@pytest.mark.parametrize("name", ["stm32h743zi", "nrf52840"])
def test_an_arena_that_fits_nowhere_says_how_many_bytes_are_missing(name):
    target = Target.load(name)
    largest = max(target.memory(bank).bytes for bank in target.placement.arena)
    stack = 1024 if target.placement.arena[-1] == target.placement.stack else 0
    linker_script(target, LinkLayout(1024, largest - stack))
    with pytest.raises(UserError, match="64 bytes short"):
        linker_script(target, LinkLayout(1024, largest - stack + 64))


def test_the_arena_takes_the_first_bank_where_it_fits_beside_stack_and_data():
    assert "dtcm" in arena_line(LinkLayout(1024, 128 * 1024 - 1024))
    assert "axi_sram" in arena_line(LinkLayout(1024, 128 * 1024 - 1023))
    assert "axi_sram" in arena_line(LinkLayout(1024, 128 * 1024 - 1024, reserved_bytes=32))
    assert "sram1" in arena_line(LinkLayout(1024, 1000, arena_memory="sram1"))


def arena_line(layout: LinkLayout) -> str:
    script = linker_script(CHIP, layout)
    return next(line for line in script.splitlines() if "last byte of" in line)


@pytest.mark.parametrize("stack", [0, -8, 100])
def test_a_stack_is_a_multiple_of_eight(stack):
    with pytest.raises(UserError, match="is no stack"):
        LinkLayout(stack, 0)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "library.c"
    path.write_text(LIBRARY)
    return path


@pytest.mark.parametrize("fast", [True, False])
def test_a_host_library_has_what_c_makes_visible(source, tmp_path, fast):
    library = ctypes.CDLL(str(build_host_library([source], tmp_path / "library.so", fast=fast)))
    assert library.triple(14) == 42
    assert not hasattr(library, "hidden")


def test_undefined_behaviour_ends_the_process_with_its_name(source, tmp_path):
    library = build_host_library([source], tmp_path / "library.so", sanitize="undefined")
    assert run_in_process(library, "library.triple(14)", {}).returncode == 0
    overflow = run_in_process(library, "library.triple(2**30)", {})
    assert overflow.returncode != 0
    assert "overflow" in overflow.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_reading_past_an_array_ends_the_process_with_its_name(source, tmp_path, monkeypatch, compiler):
    found = shutil.which(compiler)
    if found is None:
        pytest.skip(f"{compiler} is not installed")
    monkeypatch.setattr(host_library, "_address_compiler", lambda: found)
    library = build_host_library([source], tmp_path / "library.so", sanitize="address")
    environment = sanitizer_environment("address")
    array = "values = (ctypes.c_int32 * 1000)(7)\nallocate = ctypes.CDLL(None).malloc\n"
    heap = f"{array}allocate.restype = ctypes.c_void_p\nplace = ctypes.c_void_p(allocate(400))\n"
    assert run_in_process(library, f"{heap}library.element(place, 99)", environment).returncode == 0
    beyond = run_in_process(library, f"{heap}library.element(place, 100)", environment)
    assert beyond.returncode != 0
    assert "heap-buffer-overflow" in beyond.stderr


def run_in_process(library: Path, code: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    program = f"import ctypes\nlibrary = ctypes.CDLL({str(library)!r})\n{code}\n"
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ) | environment,
    )
