"""Costs on the MAX78000 are those of its accelerator: planned and counted, in the card, in the choice and in tables."""

from dataclasses import replace

import pytest

from microface.chip.devices.bench import measure_on_chip
from microface.chip.firmware.max78000.memory import Extras, processor_memory
from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.plan.max78000.inference import inference_time
from microface.chip.targets import Target
from microface.evaluate.choice import Limits, choose
from microface.evaluate.costs import counted_cost, known_cost, planned_cost, told_milliseconds
from microface.models import Cost, load
from microface.models.presence import load_presence

CHIP = Target.load("max78000")


def test_the_cost_of_a_shipped_recogniser_is_the_accelerators() -> None:
    pytest.importorskip("unicorn")
    package = load("faceid")
    planned, counted = planned_cost(package, CHIP), counted_cost(package, CHIP)
    assert counted.accelerator is not None and counted.counted and not planned.counted
    assert counted.accelerator == planned.accelerator
    assert counted.accelerator[0] < counted.milliseconds[0] < counted.milliseconds[1] < 10
    for name in ("instructions", "flash_bytes", "arena_bytes"):
        assert getattr(planned, name) == pytest.approx(getattr(counted, name), rel=0.03)
    assert "on the accelerator" in told_milliseconds(counted.milliseconds, counted.accelerator)


@pytest.mark.parametrize("name", ["facenet_v3", "foldnet"])
def test_feeding_is_estimated_in_each_order_of_bytes(name: str) -> None:
    pytest.importorskip("unicorn")
    network = load_presence(name).network
    planned, counted = plan_accelerator(network, CHIP), measure_on_chip(network, CHIP)
    time, memory = inference_time(planned, CHIP), processor_memory([planned], CHIP, Extras())
    assert time.accelerator == counted.accelerator_milliseconds
    assert time.instructions == pytest.approx(counted.instructions, rel=0.03)
    assert memory.to_json()["flash_bytes"] == pytest.approx(counted.flash_bytes, rel=0.03)


def test_a_quick_network_of_the_accelerator_is_chosen() -> None:
    package = load("faceid")
    bare = package.with_card(replace(package.card, costs=()))
    choice = choose({"faceid": bare, "default": load("default")}, CHIP, Limits(milliseconds=100))
    assert choice.chosen is not None and choice.chosen.name == "faceid"
    assert choice.chosen.cost is not None and choice.chosen.cost.accelerator is not None
    told = {each.name: each.refusals for each in choice.candidates}
    assert any("100 ms are allowed" in reason for reason in told["default"])  # its processor's time


def test_a_count_of_the_processor_is_no_cost_of_the_accelerator() -> None:
    package = load("faceid")
    counted = Cost(CHIP.name, 31_603_430, (529.0, 656.0), 371_970, 75_792, 304, True, "microface bench")
    old = package.with_card(replace(package.card, costs=(counted,)))
    assert known_cost(old, CHIP) is None
    right = replace(counted, accelerator=(3.8, 3.8))
    assert known_cost(package.with_card(replace(package.card, costs=(right,))), CHIP) == right
    on_processor = load("default").with_card(replace(load("default").card, costs=(right, counted)))
    assert known_cost(on_processor, CHIP) is None
