"""What is of RISC-V alone: its exceptions, and single loads that may be unaligned."""

from pathlib import Path

import pytest
from chips import build_fixture, chips_of, fault_of

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.targets import Target


@pytest.fixture(scope="session", params=chips_of("riscv"))
def target(request: pytest.FixtureRequest) -> Target:
    return Target.load(request.param)


@pytest.fixture(scope="session")
def elf(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fixture(target, tmp_path_factory.mktemp(target.name))


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("undefined_instruction", "illegal instruction"),
        ("undefined_short_instruction", "illegal instruction"),
        ("float_instruction", "illegal instruction"),
        ("long_breakpoint", "breakpoint"),
        ("other_breakpoint", "breakpoint"),
        ("unknown_service", "unknown service 0x00000001"),
        ("wait_for_ever", "stop (nothing wakes the core)"),
    ],
)
def test_instructions_nobody_answers(chip, function, kind):
    fault = fault_of(chip, function)
    assert (fault.kind, fault.function) == (kind, function)
    if function != "wait_for_ever":
        assert fault.pc == chip.address(function) + {"unknown_service": 2}.get(function, 0)
    assert chip.run("count_loop", 4).instructions == 19


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_single_loads_may_be_unaligned(chip, shift):
    place = chip.address("mf_arena_start")
    chip.write(place, bytes(range(8)))
    assert chip.call("peek", place + shift) == int.from_bytes(bytes(range(shift, shift + 4)), "little")
    assert chip.call("load_half", place + shift) == int.from_bytes(bytes(range(shift, shift + 2)), "little")


def test_the_check_of_wide_accesses_has_nothing_to_find(target, elf):
    strict = EmulatedChip(target, elf, check_alignment=True)
    assert strict.run("count_loop", 9) == EmulatedChip(target, elf).run("count_loop", 9)


def test_the_dma_copies_from_flash_to_ram_only(chip):
    flash, ram = chip.target.memory("hyperflash"), chip.address("mf_arena_start")
    chip.memory.write_flash(flash.origin, bytes(range(64)))
    chip.call("mf_flash_read", flash.origin + 3, ram + 1, 40)
    assert chip.read(ram + 1, 40) == bytes(range(3, 43))
    for place, to in ((flash.end - 8, ram), (ram, ram), (flash.origin, flash.origin), (flash.origin, flash.end)):
        fault = fault_of(chip, "mf_flash_read", place, to, 16)
        assert fault.kind == "copy of 16 bytes from flash outside memory"
