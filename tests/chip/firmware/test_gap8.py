"""GAP8: RISC-V, and tables that are fetched from flash which the core does not address, one layer's at a time."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from random_networks import random_network

from microface.chip.devices.bench import random_inputs
from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.firmware.build import Options, build
from microface.chip.plan import plan
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models.shelf import load
from microface.network import IntegerNetwork
from microface.network.anchor import RandomBuilder

CHIP = Target.load("gap8")


@pytest.fixture(scope="module")
def network() -> IntegerNetwork:
    """A small network with all kinds of layers."""
    builder = RandomBuilder((16, 16, 3), 5)
    x = builder.conv("stem", "input", 16, kernel=3, stride=2)
    x = builder.add("sum", x, builder.conv("project", builder.depthwise("depthwise", x), 16, relu=False))
    builder.dense("end", builder.mean("mean", x), 21)
    return builder.build("small")


@pytest.fixture(scope="module")
def device(network: IntegerNetwork, tmp_path_factory: pytest.TempPathFactory) -> EmulatedDevice:
    return EmulatedDevice(build(network, CHIP, tmp_path_factory.mktemp("gap8") / "fw"))


def test_tables_lie_in_flash_and_share_one_window(device: EmulatedDevice) -> None:
    symbols, steps = device.chip.firmware.symbols, device.firmware.facts["plan"]["steps"]
    flash, window = CHIP.memory("hyperflash"), symbols["mf_window_start"].address
    fetched = [number for number, step in enumerate(steps) if step["fetched_bytes"]]
    places = [(symbols[f"mf_tables_{n}_start"].address, symbols[f"mf_tables_{n}_end"].address) for n in fetched]
    assert all(flash.holds(start, end - start) for start, end in places)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(places))
    assert all(symbols[f"mf_{steps[n]['name']}_weights"].address >= window for n in fetched)
    most = max(step["fetched_bytes"] for step in steps)
    assert most == max(end - start for start, end in places) == symbols["mf_window_end"].address - window
    assert symbols["mf_window_end"].address <= symbols["mf_arena_start"].address
    assert device.firmware.facts["measured"]["code_bytes"] < CHIP.memory("l2_code").bytes


def test_it_equals_numpy_and_repeats_to_the_instruction(device: EmulatedDevice, network: IntegerNetwork) -> None:
    inputs = np.random.default_rng(3).integers(-128, 128, (4, *network.input.shape)).astype(np.int8)
    inputs[0], inputs[1] = -128, 127
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    first = device.last
    again = EmulatedDevice(device.firmware)
    again.run(inputs)
    assert first is not None and again.last == first
    layers = device.layers({network.input.name: inputs[3:]})
    assert 0 <= first.instructions - sum(layer.instructions for layer in layers) < 60 * len(layers)


def test_it_equals_numpy_on_a_random_network(tmp_path: Path) -> None:
    network = random_network(17, (13, 11, 5), 6)
    inputs = np.random.default_rng(4).integers(-128, 128, (2, *network.input.shape)).astype(np.int8)
    device = EmulatedDevice(build(network, CHIP, tmp_path / "fw"))
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    assert device.self_test() is None


def test_a_damaged_table_in_flash_is_found_and_its_layer_named(device: EmulatedDevice, network: IntegerNetwork) -> None:
    assert device.self_test() is None
    damaged = EmulatedDevice(device.firmware)
    names = [step["name"] for step in device.firmware.facts["plan"]["steps"]]
    place = damaged.chip.address(f"mf_tables_{names.index('project')}_start")
    damaged.chip.memory.write_flash(place, bytes(b ^ 0x55 for b in damaged.chip.read(place, 16)))
    assert damaged.self_test() == "project"


def test_the_shipped_default_fits_and_equals_numpy(tmp_path: Path) -> None:
    package = load("default")
    device = EmulatedDevice(build(package, CHIP, tmp_path / "fw"))
    inputs = random_inputs(package.network)
    np.testing.assert_array_equal(device.run_of(inputs)["embedding"], package.network.run_of(inputs)["embedding"])
    assert device.self_test() is None
    planned, measured = device.firmware.facts["plan"], device.firmware.facts["measured"]
    assert measured["flash_bytes"] <= planned["flash_bytes"] <= 1.03 * measured["flash_bytes"]
    assert measured["stack_bytes"] >= 2 * device.last.stack_bytes


def test_a_plan_has_the_window_and_the_copy_of_the_people(network: IntegerNetwork) -> None:
    planned = plan(network, CHIP)
    lines = {line.what: line for line in (*planned.flash, *planned.ram)}
    assert lines["weights of one layer"].bytes == max(step.fetched_bytes for step in planned.steps)
    assert (lines["copy of the people"].memory, lines["copy of the people"].bytes) == ("l2", 65536)
    assert (lines["code (estimate)"].memory, lines["weights and tables"].memory) == ("l2_code", "hyperflash")
    assert plan(load("flagship").network, CHIP).shortages[0].memory == "l2"


def test_a_second_network_is_refused(network: IntegerNetwork, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="fetches the tables of one network only"):
        build(network, CHIP, tmp_path / "fw", options=Options(wake=network))
