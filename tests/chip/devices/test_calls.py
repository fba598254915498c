import numpy as np
import pytest
from chips import build_fixture, with_stack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.devices.faults import ChipFault
from microface.errors import UserError

INT32 = st.integers(-(2**31), 2**31 - 1)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_arguments_beyond_the_fourth_go_on_the_stack(chip):
    assert chip.run("sum_of_six", 1, 2, 3, 4, 5, -6).signed == 1 + 20 + 300 + 4000 + 50000 - 600000


@MANY
@given(a=INT32, b=INT32)
def test_smmulr_is_the_rounded_high_half(chip, a, b):
    assert chip.run("high_product", a, b).signed == (a * b + 2**31) >> 32


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


def test_variables_start_anew_at_every_reset(chip):
    assert [chip.call("next_number"), chip.call("next_number")] == [42, 43]
    assert [chip.call("next_from_zero"), chip.call("next_from_zero")] == [1, 2]
    chip.reset()
    assert (chip.call("next_number"), chip.call("next_from_zero")) == (42, 1)


def test_ram_is_lost_at_reset_and_holds_noise(chip):
    place = chip.address("mf_arena_start")
    chip.write(place, bytes(64))
    chip.reset()
    assert len(set(chip.read(place, 64))) > 16


def test_stack_is_measured_in_whole_eights(chip):
    assert chip.run("use_stack", 1).stack_bytes == 104
    assert chip.run("count_loop", 1).stack_bytes == 0
    assert chip.run("count_outer", 1).stack_bytes == 8


def test_the_measured_stack_is_enough_and_eight_bytes_less_fault(target, chip, tmp_path):
    used = chip.run("recurse", 20).stack_bytes
    exact = EmulatedChip(target, build_fixture(target, tmp_path / "exact", with_stack(used)))
    assert exact.run("recurse", 20) == chip.run("recurse", 20)
    tight = EmulatedChip(target, build_fixture(target, tmp_path / "tight", with_stack(used - 8)))
    with pytest.raises(ChipFault, match=f"stack overflow in recurse .*just below {target.placement.stack}"):
        tight.run("recurse", 20)


def test_unknown_symbols_and_places_are_told(chip):
    with pytest.raises(UserError, match="has no symbol nothing"):
        chip.call("nothing")
    with pytest.raises(UserError, match="is not in one ram bank"):
        chip.write(chip.target.memory("flash").origin, b"x")
    with pytest.raises(UserError, match="is not in one memory bank"):
        chip.read(0x90000000, 4)
