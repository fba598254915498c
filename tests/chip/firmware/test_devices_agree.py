"""numpy, the host library and the emulated chips give the same integers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import four_bits, random_network

from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.host import HostDevice
from microface.chip.firmware.build import build
from microface.chip.targets import Target
from microface.models.shelf import load
from microface.network import IntegerNetwork
from microface.network.anchor import RandomBuilder, anchor_network

CHIPS = ["stm32h743zi", "nrf52840"]
SEEDS = st.integers(0, 2**31 - 1)


def inputs_of(network: IntegerNetwork, count: int, seed: int = 0) -> np.ndarray:
    """Return random inputs, the first all lowest and the second all highest values."""
    values = np.random.default_rng(seed).integers(-128, 128, (count, *network.input.shape)).astype(np.int8)
    values[0], values[1] = -128, 127
    return values


@settings(deadline=None, max_examples=12, derandomize=True)
@given(SEEDS)
def test_host_equals_numpy_on_random_networks(seed: int) -> None:
    network = random_network(seed)
    inputs = inputs_of(network, 5, seed)
    device = HostDevice(network, threads=2)
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    assert device.self_test() is None


@pytest.mark.parametrize("chip", CHIPS)
def test_chip_equals_numpy_on_random_networks(chip: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(deadline=None, max_examples=6, derandomize=True)
    @given(SEEDS)
    def agree(seed: int) -> None:
        network = random_network(seed)
        inputs = inputs_of(network, 3, seed)
        device = EmulatedDevice(build(network, Target.load(chip), tmp_path_factory.mktemp("fw") / "fw"))
        np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
        assert device.self_test() is None

    agree()


@pytest.mark.parametrize("chip", CHIPS)
def test_no_multi_word_access_is_unaligned(chip: str, tmp_path: Path) -> None:
    """Silicon faults there. Odd sizes, windows and joins, then two blocks in strips; weights of 4 and 8 bits."""
    odd = random_network(17, (13, 11, 5), 6)
    builder = RandomBuilder((26, 26, 7), 3)
    x = builder.conv("stem", "input", 16, kernel=3)
    for name in "ab":
        wide = builder.depthwise(f"{name}_depthwise", builder.conv(f"{name}_expand", x, 98))
        x = builder.add(f"{name}_sum", x, builder.conv(f"{name}_project", wide, 16, relu=False))
    builder.dense("end", builder.mean("mean", x), 21)
    blocks = builder.build("blocks")
    halved = replace(blocks, operators=tuple(map(four_bits, blocks.operators)))
    for network in (odd, blocks, halved):
        firmware = build(network, Target.load(chip), tmp_path / f"{len(list(tmp_path.iterdir()))}")
        inputs = inputs_of(network, 2)
        device = EmulatedDevice(firmware, check_alignment=True)
        np.testing.assert_array_equal(device.run(inputs), network.run(inputs))


@pytest.fixture(scope="module")
def anchor() -> IntegerNetwork:
    """The network of the figures."""
    return anchor_network()


def test_host_equals_numpy_on_the_anchor(anchor: IntegerNetwork) -> None:
    inputs = inputs_of(anchor, 4)
    device = HostDevice(anchor)
    np.testing.assert_array_equal(device.run(inputs), anchor.run(inputs))
    assert device.self_test() is None


@pytest.mark.parametrize("chip", CHIPS)
def test_chip_equals_numpy_on_the_anchor_and_costs_what_is_planned(
    chip: str, anchor: IntegerNetwork, tmp_path: Path
) -> None:
    inputs = inputs_of(anchor, 3)
    firmware = build(anchor, Target.load(chip), tmp_path / "fw")
    device = EmulatedDevice(firmware)
    np.testing.assert_array_equal(device.run(inputs), anchor.run(inputs))
    assert device.last is not None
    assert firmware.flash_bytes <= firmware.facts["plan"]["flash_bytes"] <= 1.03 * firmware.flash_bytes
    low, high = device.milliseconds()
    planned = firmware.facts["plan"]["estimated_milliseconds"]
    assert 0.95 * planned[0] <= low < high <= 1.05 * planned[1]
    estimate = firmware.facts["plan"]["estimated_instructions"]
    assert abs(estimate / device.last.instructions - 1) <= 0.03
    layers = device.layers({anchor.input.name: inputs[2:]})
    with pytest.raises(ValueError, match="right after"):
        device.milliseconds()
    assert 0 <= device.last.instructions - sum(layer.instructions for layer in layers) < 50 * len(layers)
    assert firmware.facts["measured"]["stack_bytes"] >= 2 * device.last.stack_bytes


@pytest.mark.parametrize("chip", CHIPS)
def test_chip_equals_numpy_on_the_shipped_network(chip: str, tmp_path: Path) -> None:
    package = load("default")
    device = EmulatedDevice(build(package, Target.load(chip), tmp_path / "fw"))
    inputs = inputs_of(package.network, 3)[1:]
    np.testing.assert_array_equal(device.run(inputs), package.network.run(inputs))
    assert device.self_test() is None


def test_counts_repeat_exactly(anchor: IntegerNetwork, tmp_path: Path) -> None:
    firmware = build(anchor, Target.load("nrf52840"), tmp_path / "fw")
    inputs = inputs_of(anchor, 2)
    reports = []
    for _ in range(2):
        device = EmulatedDevice(firmware)
        device.run(inputs)
        device.run(inputs)
        reports.append(device.last)
    assert reports[0] == reports[1]
