import pytest
from chips import build_fixture, with_stack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.devices.faults import ChipFault
from microface.errors import UserError

INT32 = st.integers(-(2**31), 2**31 - 1)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_more_arguments_than_registers_hold_go_on_the_stack(chip):
    assert chip.run("sum_of_six", 1, 2, 3, 4, 5, -6).signed == 1 + 20 + 300 + 4000 + 50000 - 600000
    assert chip.run("sum_of_ten", 1, 2, 3, 4, 5, 6, 7, 8, 9, -1).signed == 6 * 1 + 5 * 2 + 4 * 3 - 100 + 9 * 10


@MANY
@given(a=INT32, b=INT32)
def test_smmulr_is_the_rounded_high_half(chip, a, b):
    assert chip.run("high_product", a, b).signed == (a * b + 2**31) >> 32


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
    assert chip.run("count_outer", 1).stack_bytes == {"cortex-m": 8, "riscv": 16}[chip.target.kind]


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
        chip.write(chip.target.memory(chip.target.placement.code).origin, b"x")
    with pytest.raises(UserError, match="is not in one memory bank"):
        chip.read(0x90000000, 4)
