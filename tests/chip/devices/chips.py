"""Builds the fixture firmware for the tests of the emulated chip."""

import re
from dataclasses import replace
from pathlib import Path

import microface.chip.firmware
from microface.chip.firmware.linker import LinkLayout, linker_script, startup_code
from microface.chip.firmware.toolchain import compile_objects, link
from microface.chip.targets import Target

FIXTURE = Path(__file__).with_name("fixture.c")
RUNTIME = Path(microface.chip.firmware.__file__).parent / "runtime"
LAYOUT = LinkLayout(stack_bytes=2048, arena_bytes=4096, gallery_slot_bytes=4096)
CHIPS = tuple(name for name in Target.names() if Target.load(name).kind == "cortex-m")


def fixture_functions() -> list[str]:
    """Every function that the fixture declares, and the two of the port."""
    text = FIXTURE.read_text(encoding="utf-8")
    return [*re.findall(r"^\w+ (\w+)\(.*\);$", text, re.MULTILINE), "mf_port_erase", "mf_port_program"]


def build_fixture(
    target: Target,
    folder: Path,
    layout: LinkLayout = LAYOUT,
    flags: tuple[str, ...] = (),
    compiler: str = "zig",
) -> Path:
    """Compile and link the fixture in `folder` and return the ELF file."""
    folder.mkdir(parents=True, exist_ok=True)
    startup, script = folder / "startup.c", folder / "link.ld"
    startup.write_text(startup_code(target), encoding="utf-8")
    script.write_text(linker_script(target, layout), encoding="utf-8")
    sources = [startup, RUNTIME / "port_emulator.c", FIXTURE]
    # Naked functions never read their parameters.
    defines = [f"ARENA_BYTES={LAYOUT.arena_bytes}"]
    every = ("-Wno-unused-parameter", *flags)
    objects = compile_objects(sources, target, [RUNTIME], folder, defines, compiler, every)
    return link(objects, script, folder / "firmware.elf", target, fixture_functions(), compiler)


def with_stack(stack_bytes: int) -> LinkLayout:
    """The usual layout with another stack."""
    return replace(LAYOUT, stack_bytes=stack_bytes)
