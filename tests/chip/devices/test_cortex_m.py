"""What is of Cortex-M alone: conditional code, DSP and FPU, its exceptions, accesses of several words."""

from pathlib import Path

import numpy as np
import pytest
from chips import build_fixture, chips_of, fault_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microface.chip.cores.cortex_m import base_registers
from microface.chip.devices.emulator import EmulatedChip
from microface.chip.targets import Target

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="session", params=chips_of("cortex-m"))
def target(request: pytest.FixtureRequest) -> Target:
    return Target.load(request.param)


@pytest.fixture(scope="session")
def elf(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fixture(target, tmp_path_factory.mktemp(target.name))


@pytest.mark.parametrize(("x", "expected"), [(0, 5), (1, 7)])
def test_a_conditional_instruction_counts_whether_or_not_its_condition_holds(chip, x, expected):
    report = chip.run("count_conditional", x)
    assert (report.value, report.instructions) == (expected, 5)


@MANY
@given(a=st.tuples(*[st.integers(-(2**15), 2**15 - 1)] * 2), b=st.tuples(*[st.integers(-(2**15), 2**15 - 1)] * 2))
def test_smlad_adds_two_products(chip, a, b):
    words = [int(np.array(pair, np.int16).view(np.int32)[0]) for pair in (a, b)]
    expected = np.int64(a[0] * b[0] + a[1] * b[1] + 7).astype(np.int32)
    assert chip.run("dot_pairs", *words, 7).signed == expected


def test_the_floating_point_unit_is_switched_on(chip):
    assert chip.run("scale", -7).signed == -3


def test_a_condition_ends_with_its_block_where_a_page_is_touched_first(chip):
    """The engine looks such a page up in the middle of the block, and must leave nothing of it behind."""
    pages = [place for bank in chip.target.memories if bank.mapped for place in range(bank.origin, bank.end, 4096)]
    for place in filter(None, pages):
        word = int.from_bytes(chip.read(place, 4), "little")
        report = chip.run("load_unless_null", place)
        assert (report.value, report.instructions) == ((word + 1) & 0xFFFFFFFF, 8), hex(place)


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


def test_the_condition_of_a_fault_does_not_reach_the_next_call(chip):
    fault = fault_of(chip, "load_unless_null", 0x60000000)
    assert (fault.kind, fault.function) == ("read outside memory", "load_unless_null")
    assert (chip.call("load_unless_null", 0), chip.call("count_loop", 4)) == (7, 12)
    fault_of(chip, "load_unless_null", 0x60000000)
    assert chip.call("count_loop", 4) == 12


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
    # tbb [pc, r0]; ldrex r1, [r2]; vldr s0, [pc]; vmov d0, r0, r1: none of them may be unaligned by a register.
    words = [0xE8DF, 0xF000, 0xE852, 0x1F00, 0xED9F, 0x0A00, 0xEC41, 0x0B10]
    bases = base_registers(np.array(words, "<u2").view(np.uint8))
    assert bases[[0, 2, 4, 6]].tolist() == [0xFF] * 4
