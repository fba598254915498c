import struct
from dataclasses import replace

import pytest
from chips import LAYOUT, build_fixture

from microface.chip.devices.alignment import base_registers
from microface.chip.devices.emulator import EmulatedChip
from microface.chip.devices.faults import ChipFault


def fault_of(chip: EmulatedChip, *call: object) -> ChipFault:
    with pytest.raises(ChipFault) as caught:
        chip.run(*call)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("offset", [0, 4, 252])
def test_null_is_no_address(chip, offset):
    for function, kind in (("peek", "NULL read"), ("poke", "NULL write")):
        fault = fault_of(chip, function, offset, 1)
        assert (fault.kind, fault.function, fault.address) == (kind, function, offset)


def test_every_bank_ends_where_the_chip_ends(chip):
    for bank in chip.target.memories:
        if not bank.mapped:
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


def test_stores_to_flash_fault_and_change_nothing(chip):
    place = chip.address("mf_gallery_start")
    fault = fault_of(chip, "poke", place, 0)
    assert (fault.kind, fault.region) == ("write to flash", "gallery in flash")
    assert chip.read(place, 4) == b"\xff" * 4
    assert fault_of(chip, "poke", chip.address("count_loop"), 0).region == "flash"


def test_the_line_names_function_kind_address_and_region(chip):
    bank = chip.target.memory(chip.target.placement.arena[-1])
    text = str(fault_of(chip, "poke", bank.end, 0))
    pc = chip.address("poke")
    assert text == (
        f"write outside memory in poke at pc 0x{pc:08x}: address 0x{bank.end:08x}, just past the end of {bank.name}"
    )


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("undefined_instruction", "undefined instruction"),
        ("supervisor_call", "supervisor call"),
        ("other_breakpoint", "breakpoint"),
        ("unknown_service", "unknown service 0x00000001"),
    ],
)
def test_instructions_nobody_answers(chip, function, kind):
    fault = fault_of(chip, function)
    assert (fault.kind, fault.function) == (kind, function)


def test_code_runs_from_flash_only(chip):
    assert fault_of(chip, "jump", 1).kind == "NULL execution"
    assert "execution" in fault_of(chip, "jump", 0x60000001).kind
    ram = chip.address("mf_arena_start")
    chip.write(ram, struct.pack("<H", 0x4770))  # bx lr
    assert "execution" in fault_of(chip, "jump", ram | 1).kind


def test_the_chip_goes_on_after_a_fault(chip):
    fault_of(chip, "peek", 0)
    assert chip.run("count_loop", 4).instructions == 19


def test_the_condition_of_a_fault_does_not_reach_the_next_call(chip):
    fault = fault_of(chip, "load_unless_null", 0x60000000)
    assert (fault.kind, fault.function) == ("read outside memory", "load_unless_null")
    assert (chip.call("load_unless_null", 0), chip.call("count_loop", 4)) == (7, 12)
    fault_of(chip, "load_unless_null", 0x60000000)
    assert chip.call("count_loop", 4) == 12


def test_the_arena_as_planned_runs_and_one_unit_higher_faults(target, chip, tmp_path):
    assert chip.call("touch_arena") == LAYOUT.arena_bytes // 2
    unit = int(target.rule("arena_alignment").value)
    higher = replace(LAYOUT, arena_address=chip.address("mf_arena_start") + unit)
    moved = EmulatedChip(target, build_fixture(target, tmp_path, higher))
    fault = fault_of(moved, "touch_arena")
    end = target.memory(target.placement.arena[0]).end
    assert (fault.kind, fault.address) == ("write outside memory", end)
    assert fault.region == f"just past the end of {target.placement.arena[0]}"


ACCESSES = ["load_many", "load_two", "store_two", "load_float"]


@pytest.mark.parametrize("function", ACCESSES)
def test_unaligned_multi_word_accesses_fault_when_checked(target, elf, function):
    strict = EmulatedChip(target, elf, check_alignment=True)
    place = strict.address("mf_arena_start")
    aligned = strict.run(function, place)
    assert aligned == EmulatedChip(target, elf).run(function, place)
    for shift in (1, 2, 3):
        fault = fault_of(strict, function, place + shift)
        assert (fault.kind, fault.function) == ("unaligned multi-word access", function)
        assert (fault.address, fault.region.split()[0]) == (place + shift, "arena")


def test_single_words_may_be_unaligned_on_these_chips(target, elf):
    strict = EmulatedChip(target, elf, check_alignment=True)
    place = strict.address("mf_arena_start")
    strict.write(place, bytes(range(8)))
    assert strict.call("peek", place + 1) == 0x04030201
    assert strict.run("count_outer", 9).instructions == 3 + 5 * 9


def test_table_branches_and_literals_have_no_checked_base():
    import numpy as np

    # tbb [pc, r0]; ldrex r1, [r2]; vldr s0, [pc]; vmov d0, r0, r1: none of them may be unaligned by a register.
    words = [0xE8DF, 0xF000, 0xE852, 0x1F00, 0xED9F, 0x0A00, 0xEC41, 0x0B10]
    bases = base_registers(np.array(words, "<u2").view(np.uint8))
    assert bases[[0, 2, 4, 6]].tolist() == [0xFF] * 4
