import struct
from dataclasses import replace

import pytest
from chips import LAYOUT, build_fixture, fault_of

from microface.chip.devices.emulator import EmulatedChip


@pytest.mark.parametrize("offset", [0, 4, 252])
def test_null_is_no_address(chip, offset):
    for function, kind in (("peek", "NULL read"), ("poke", "NULL write")):
        fault = fault_of(chip, function, offset, 1)
        assert (fault.kind, fault.function, fault.address) == (kind, function, offset)


def test_every_bank_ends_where_the_chip_ends(chip):
    for bank in chip.target.memories:
        if not bank.addressed:
            continue
        chip.run("peek", bank.end - 4)
        beyond = chip.target.memory_at(bank.end)
        if beyond is None:
            fault = fault_of(chip, "peek", bank.end - 3)
            assert fault.address == bank.end
            assert (fault.kind, fault.region) == ("read outside memory", f"just past the end of {bank.name}")


def test_every_ram_begins_where_the_chip_has_it(chip):
    for bank in chip.target.memories:
        if bank.kind == "ram" and bank.mapped and chip.target.memory_at(bank.origin - 4) is None:
            chip.run("poke", bank.origin, 5)
            fault = fault_of(chip, "poke", bank.origin - 4, 5)
            assert (fault.address, fault.region) == (bank.origin - 4, f"just below {bank.name}")


def test_stores_to_code_fault_and_change_nothing(chip):
    place, bank = chip.address("count_loop"), chip.target.memory(chip.target.placement.code)
    before = chip.read(place, 4)
    fault = fault_of(chip, "poke", place, 0)
    assert (fault.kind, fault.region) == (f"write to {bank.kind}", bank.name)
    assert chip.read(place, 4) == before


def test_stores_to_the_flash_of_the_people_fault_and_change_nothing(chip):
    place, bank = chip.address("mf_gallery_flash_start"), chip.target.memory(chip.target.gallery.memory)
    told = {
        "flash": ("write to flash", f"gallery in {bank.name}"),
        "external": ("write outside memory", f"{bank.name}, which only the DMA reads"),
    }
    fault = fault_of(chip, "poke", place, 0)
    assert (fault.kind, fault.region) == told[bank.kind]
    assert chip.read(place, 4) == b"\xff" * 4


def test_the_line_names_function_kind_address_and_region(chip):
    bank = chip.target.memory(chip.target.placement.arena[-1])
    text = str(fault_of(chip, "poke", bank.end, 0))
    pc = chip.address("poke")
    assert text == (
        f"write outside memory in poke at pc 0x{pc:08x}: address 0x{bank.end:08x}, just past the end of {bank.name}"
    )


def test_code_runs_from_flash_only(chip):
    assert fault_of(chip, "jump", 1).kind == "NULL execution"
    assert "execution" in fault_of(chip, "jump", 0x60000001).kind
    ram = chip.address("mf_arena_start")
    back = {"cortex-m": 0x4770, "riscv": 0x8082}[chip.target.kind]  # bx lr, ret
    chip.write(ram, struct.pack("<H", back))
    assert "execution" in fault_of(chip, "jump", ram | 1).kind


def test_the_chip_goes_on_after_a_fault(chip):
    fault_of(chip, "peek", 0)
    assert chip.run("count_loop", 4).instructions == 19


def test_the_arena_as_planned_runs_and_one_unit_higher_faults(target, chip, tmp_path):
    assert chip.call("touch_arena") == LAYOUT.arena_bytes // 2
    unit = int(target.rule("arena_alignment").value)
    higher = replace(LAYOUT, arena_address=chip.address("mf_arena_start") + unit)
    moved = EmulatedChip(target, build_fixture(target, tmp_path, higher))
    fault = fault_of(moved, "touch_arena")
    end = target.memory(target.placement.arena[0]).end
    assert (fault.kind, fault.address) == ("write outside memory", end)
    assert fault.region == f"just past the end of {target.placement.arena[0]}"
