"""Builds the fixture firmware for the tests of the emulated chip."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import microface.chip.firmware
from microface.chip.cores import CORES
from microface.chip.devices.emulator import EmulatedChip
from microface.chip.devices.faults import ChipFault
from microface.chip.firmware.emit import people_copy
from microface.chip.firmware.linker import LinkLayout, linker_script, startup_code
from microface.chip.firmware.sources import port_of_emulator
from microface.chip.firmware.toolchain import compile_objects, link
from microface.chip.targets import Target

FIXTURES = {"cortex-m": "fixture_cortex_m.c", "riscv": "fixture_riscv.c"}
RUNTIME = Path(microface.chip.firmware.__file__).parent / "runtime"
LAYOUT = LinkLayout(stack_bytes=2048, arena_bytes=4096, gallery_slot_bytes=4096)
CHIPS = tuple(name for name in Target.names() if Target.load(name).kind in CORES)


def chips_of(kind: str) -> list[str]:
    """The names of the chips with that kind of core."""
    return [name for name in CHIPS if Target.load(name).kind == kind]


def fault_of(chip: EmulatedChip, *call: object) -> ChipFault:
    """The fault that a call ends in, told in one line."""
    with pytest.raises(ChipFault) as caught:
        chip.run(*call)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return caught.value


def fixtures(target: Target) -> list[Path]:
    """The fixtures of every chip and of its kind of core."""
    return [Path(__file__).with_name(name) for name in ("fixture.c", FIXTURES[target.kind])]


def fixture_functions(target: Target) -> list[str]:
    """Every function that the fixtures declare, and those of the port."""
    text = "".join(path.read_text(encoding="utf-8") for path in fixtures(target))
    external = "mf_people_copy", "mf_flash_read", "mf_flash_erase", "mf_flash_program"
    port = ("mf_port_erase", "mf_port_program", *(external if target.gallery.copy_in else ()))
    return [*re.findall(r"^\w+ (\w+)\(.*\);$", text, re.MULTILINE), *port]


def build_fixture(
    target: Target,
    folder: Path,
    layout: LinkLayout = LAYOUT,
    flags: tuple[str, ...] = (),
    compiler: str = "zig",
) -> Path:
    """Compile and link the fixture in `folder` and return the ELF file."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "link.ld"
    script.write_text(linker_script(target, layout), encoding="utf-8")
    texts = {"startup.c": startup_code(target)} | people_copy(target)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    made = [folder / name for name in texts]
    sources = [*made, RUNTIME / port_of_emulator(target), *fixtures(target)]
    # Naked functions never read their parameters.
    defines = [f"ARENA_BYTES={LAYOUT.arena_bytes}"]
    every = ("-Wno-unused-parameter", *flags)
    objects = compile_objects(sources, target, [RUNTIME], folder, defines, compiler, every)
    return link(objects, script, folder / "firmware.elf", target, fixture_functions(target), compiler)


def with_stack(stack_bytes: int) -> LinkLayout:
    """The usual layout with another stack."""
    return replace(LAYOUT, stack_bytes=stack_bytes)
