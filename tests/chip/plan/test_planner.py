"""Plans: what they hold, what they say when something is short, and that they are plain data."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from microface.chip.plan import Plan, plan
from microface.chip.plan.alternatives import with_alternatives
from microface.chip.plan.memory import STACK_BYTES
from microface.chip.plan.picture import cost_per_layer, memory_map, save
from microface.chip.targets import Target
from microface.models import names
from microface.network import IntegerNetwork
from microface.network.anchor import MACS, RandomBuilder, anchor_network
from microface.network.ops import Conv2D, Dense

TARGETS = ["stm32h743zi", "nrf52840", "host"]


@pytest.fixture(scope="module")
def anchor() -> IntegerNetwork:
    """The network of the figures."""
    return anchor_network()


def big_network(channels: int = 512) -> IntegerNetwork:
    """Two dense layers with 2 MB of weights and an early map of 72 * 72 * 32 values."""
    builder = RandomBuilder((72, 72, 3), 1)
    x = builder.mean("mean", builder.conv("stem", "input", channels // 4, kernel=3))
    builder.dense("second", builder.dense("first", x, 16 * channels), 128)
    return builder.build("big")


@pytest.mark.parametrize("name", TARGETS)
def test_plan_of_the_anchor_fits_and_adds_up(name: str, anchor: IntegerNetwork) -> None:
    target = Target.load(name)
    planned = plan(anchor, target)
    assert planned.fits
    assert planned.macs == MACS == 17_769_280
    assert planned.lower_bound_bytes <= planned.arena_bytes
    assert planned.instructions == sum(step.instructions for step in planned.steps)
    assert [op for step in planned.steps for op in step.operators] == [op.name for op in anchor.operators]
    assert sum(line.bytes for line in planned.flash) == planned.flash_bytes
    assert planned.gallery.bytes % (2 * target.gallery.sector_bytes) == 0
    low, high = planned.milliseconds
    assert 0 < low < high
    for buffer in planned.buffers:
        assert 0 <= buffer.offset <= buffer.offset + buffer.bytes <= planned.arena_bytes


@pytest.mark.parametrize("name", TARGETS[:2])
def test_goals_of_arena_and_instructions(name: str, anchor: IntegerNetwork) -> None:
    planned = plan(anchor, Target.load(name))
    assert planned.arena_bytes <= 64_000
    assert planned.instructions <= 27_000_000


@pytest.mark.parametrize("name", TARGETS[:2])
def test_weights_of_four_bits_halve_the_tables_at_few_more_instructions(name: str, anchor: IntegerNetwork) -> None:
    cut = [
        replace(op, weights=op.weights >> 4, weight_bits=4) if isinstance(op, Conv2D | Dense) else op
        for op in anchor.operators
    ]
    small, large = (plan(each, Target.load(name)) for each in (replace(anchor, operators=tuple(cut)), anchor))
    weights = sum(op.weights.size for op in cut if isinstance(op, Conv2D | Dense))
    assert large.flash_bytes - small.flash_bytes == pytest.approx(weights / 2, rel=0.01)
    assert small.arena_bytes == large.arena_bytes
    assert large.instructions < small.instructions < 1.02 * large.instructions


def test_plan_is_json_and_says_what_is_an_estimate(anchor: IntegerNetwork) -> None:
    planned = plan(anchor, Target.load("nrf52840"))
    value = json.loads(json.dumps(planned.to_json(), allow_nan=False))
    assert value["fits"] is True
    assert value["arena_bytes"] == planned.arena_bytes
    assert value["estimated_instructions"] == planned.instructions
    assert "instructions" not in value
    assert value["flash_bytes"] == planned.flash_bytes


def test_reserves_take_what_is_free_to_the_last_byte(anchor: IntegerNetwork) -> None:
    target = Target.load("nrf52840")
    planned = plan(anchor, target)
    free_ram = target.memory("ram").bytes - sum(line.bytes for line in planned.ram)
    free_flash = target.memory("flash").bytes - planned.flash_bytes - planned.gallery.bytes
    assert plan(anchor, target, free_flash, free_ram).fits
    short = plan(anchor, target, free_flash + 10, free_ram + 7)
    assert {(each.memory, each.bytes) for each in short.shortages} == {("flash", 10), ("ram", 7)}
    assert "7 bytes" in str(short.shortages[0])
    assert short.flash_bytes == planned.flash_bytes


def test_arena_moves_to_the_next_bank_and_the_reserve_to_the_roomiest() -> None:
    network, target = big_network(128), Target.load("stm32h743zi")
    planned = plan(network, target, reserve_ram=120 * 1024)
    assert planned.fits
    assert planned.arena_bytes > target.memory("dtcm").bytes - STACK_BYTES
    assert planned.arena_memory == "axi_sram"
    small = plan(network, target.model_copy(update={"placement": target.placement}), reserve_ram=0)
    assert {line.memory for line in small.ram} == {"dtcm", "axi_sram"}


def test_what_does_not_fit_names_memory_bytes_and_models_that_would() -> None:
    target = Target.load("nrf52840")
    planned = with_alternatives(plan(big_network(), target), target)
    assert not planned.fits
    by_memory = {each.memory: each.bytes for each in planned.shortages}
    flash = planned.flash_bytes + planned.gallery.bytes - target.memory("flash").bytes
    ram = sum(line.bytes for line in planned.ram) - target.memory("ram").bytes
    assert by_memory == {"flash": flash, "ram": ram}
    assert set(planned.alternatives) <= set(names())


def test_pictures_are_drawn(anchor: IntegerNetwork, tmp_path: Path) -> None:
    target = Target.load("stm32h743zi")
    planned: Plan = plan(anchor, target)
    save(memory_map(planned, target), tmp_path / "map.png")
    save(cost_per_layer([(step.name, step.instructions) for step in planned.steps], "estimated"), tmp_path / "cost.svg")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert b"block5_expand" in (tmp_path / "cost.svg").read_bytes() or (tmp_path / "cost.svg").stat().st_size > 20_000
