import time

import pytest

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.devices.faults import ChipFault

OUTER = {"cortex-m": 3, "riscv": 8}
"""Instructions of count_outer beside its loop."""


@pytest.mark.parametrize("n", [1, 2, 77, 100_000])
def test_a_loop_is_counted_to_the_instruction(chip, n):
    report = chip.run("count_loop", n)
    assert (report.value, report.instructions) == (3 * n, 3 + 4 * n)


def test_long_straight_code_over_many_blocks_and_pages(chip):
    report = chip.run("count_straight", 5)
    assert (report.value, report.instructions) == (5 + 4500, 4501)


def test_instructions_jumped_over_do_not_count(chip):
    report = chip.run("count_jumped", 1)
    assert (report.value, report.instructions) == (2, 3)


def test_functions_are_counted_apart(chip):
    report, own = chip.run("count_outer", 10), OUTER[chip.target.kind] + 30
    assert report.counts.functions == {"count_outer": own, "count_inner": 20}
    assert report.instructions == own + 20


def test_a_service_in_the_middle_is_counted_once(chip):
    assert (
        chip.run("mf_port_erase", chip.address("mf_gallery_start")).counts
        == chip.run("mf_port_erase", chip.address("mf_gallery_start")).counts
    )


def test_counts_repeat_exactly_in_the_same_chip_after_reset_and_in_another(target, elf, chip):
    first = chip.run("recurse", 9)
    assert chip.run("recurse", 9) == first
    chip.reset()
    assert chip.run("recurse", 9) == first
    assert EmulatedChip(target, elf).run("recurse", 9) == first


def test_start_up_repeats_exactly(target, elf, chip):
    first = chip.reset()
    assert chip.reset() == first
    assert "Reset_Handler" in first.counts.functions


@pytest.mark.parametrize("limit", [1000, 1001, 4321])
def test_an_endless_loop_is_ended_and_named(chip, limit):
    chip.max_instructions = limit
    with pytest.raises(ChipFault, match=f"endless loop .more than {limit:,} instructions. in loop_for_ever"):
        chip.run("loop_for_ever")
    assert limit <= chip.counts().total <= 2 * limit
    assert chip.run("count_loop", 5).instructions == 23


def test_counts_end_with_the_instruction_that_faults(chip):
    with pytest.raises(ChipFault):
        chip.run("jump", chip.address("undefined_instruction") | 1)
    assert "undefined_instruction" not in chip.counts().functions
    assert chip.counts().functions["jump"] > 0


def test_more_than_a_hundred_million_instructions_a_second(chip):
    vector = chip.address("mf_arena_start")
    best = 0.0
    for _ in range(3):
        begin = time.process_time()  # what else runs on the machine does not count
        report = chip.run("dot", vector, vector + 2000, 2000, 2000)
        best = max(best, report.instructions / (time.process_time() - begin))
    assert best > 100e6
