"""Networks of several inputs and outputs: numpy, the host library and the emulated chips give the same integers."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import random_ports

from microface.chip.devices.device import Device
from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.host import HostDevice
from microface.chip.firmware.build import build
from microface.chip.firmware.model import Model
from microface.chip.targets import Target
from microface.cli.emulate import read_inputs
from microface.errors import UserError
from microface.network import IntegerNetwork, Tensor
from microface.network.ops import MaxPool

SEEDS = st.integers(0, 2**31 - 1)


def drawn(network: IntegerNetwork, count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return random inputs by name."""
    random, sources = np.random.default_rng(seed), [network.tensors[name] for name in network.inputs]
    return {s.name: random.integers(s.lowest, s.highest + 1, (count, *s.shape)).astype(s.numpy_dtype) for s in sources}


def require_equal(device: Device, network: IntegerNetwork, inputs: dict[str, np.ndarray]) -> None:
    ours, theirs = network.run_of(inputs), device.run_of(inputs)
    assert list(ours) == list(theirs) == list(network.outputs)
    for name in ours:
        np.testing.assert_array_equal(theirs[name], ours[name], name)


def test_random_networks_have_every_number_of_ports() -> None:
    drawn_sizes = Counter((len(n.inputs), len(n.outputs)) for n in map(random_ports, range(200)))
    assert set(drawn_sizes) == {(i, o) for i in (1, 2, 3) for o in (1, 2, 3)}
    assert min(drawn_sizes.values()) >= 5


@settings(deadline=None, max_examples=15, derandomize=True)
@given(SEEDS)
def test_host_equals_numpy_with_several_ports(seed: int) -> None:
    network = random_ports(seed)
    device = HostDevice(network, threads=2)
    require_equal(device, network, drawn(network, 4, seed))
    assert device.self_test() is None


def test_chip_equals_numpy_with_several_ports(tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(deadline=None, max_examples=6, derandomize=True)
    @given(SEEDS)
    def agree(seed: int) -> None:
        network = random_ports(seed)
        target = Target.load(("stm32h743zi", "nrf52840")[seed % 2])
        device = EmulatedDevice(build(network, target, tmp_path_factory.mktemp("fw") / "fw"))
        require_equal(device, network, drawn(network, 2, seed))
        assert device.self_test() is None

    agree()


def pooled(dtype: str = "s8") -> IntegerNetwork:
    """Two inputs that become two outputs; the second output has 16 bits."""
    first, second = Tensor("left eye", (4, 4, 2), "s8", 0.5), Tensor("int", (2, 2, 3), dtype, 0.25)
    a, b = Tensor("y:0", (2, 2, 2), "s8", 0.5), Tensor("y_0", (1, 1, 3), dtype, 0.25)
    halves = (2, 2), (2, 2)
    operators = (MaxPool("a", (first.name,), a.name, *halves), MaxPool("b", (second.name,), b.name, *halves))
    tensors = {tensor.name: tensor for tensor in (first, second, a, b)}
    return IntegerNetwork("pools", tensors, operators, (first.name, second.name), (a.name, b.name))


def test_interface_names_every_port(tmp_path: Path) -> None:
    network = pooled("s16")
    firmware = build(network, Target.load("nrf52840"), tmp_path / "fw")
    header = (tmp_path / "fw" / "mf_network.h").read_text()
    for line in (
        "int8_t *mf_network_input_left_eye(void);",
        "int16_t *mf_network_input_int(void);",
        "const int8_t *mf_network_output_y_0(void);",
        "const int16_t *mf_network_output_y_0_2(void);",
        "MF_INPUT_LEFT_EYE_HEIGHT = 4,",
        "MF_OUTPUT_Y_0_2_BYTES = 6,",
    ):
        assert line in header
    assert firmware.facts["inputs"][1] == {
        "name": "int", "shape": [2, 2, 3], "dtype": "s16", "scale": 0.25, "zero_point": 0
    }  # fmt: skip
    device, inputs = EmulatedDevice(firmware), drawn(network, 3)
    require_equal(device, network, inputs)
    assert len(device.layers({name: x[:1] for name, x in inputs.items()})) == 2


def test_infer_takes_every_port(tmp_path: Path) -> None:
    network = pooled()
    device = EmulatedDevice(build(network, Target.load("nrf52840"), tmp_path / "fw"))
    inputs, chip = drawn(network, 1), device.chip
    free = chip.address("mf_bss_end")
    places = [free + 64 * number for number in range(4)]
    for place, name in zip(places, network.inputs, strict=False):
        chip.write(place, inputs[name].tobytes())
    chip.call("mf_infer", *places)
    for place, (name, values) in zip(places[2:], network.run_of(inputs).items(), strict=True):
        assert chip.read(place, network.tensors[name].bytes) == values.tobytes()


def test_damage_is_found_at_its_input_or_layer(tmp_path: Path) -> None:
    """The checksums of the inputs come first."""
    text = "mf_known_answer.c"
    build(pooled(), Target.load("nrf52840"), tmp_path / "fw", source_only=True)
    written = (tmp_path / "fw" / text).read_text()
    assert '"input left eye"' in (tmp_path / "fw" / "mf_network.c").read_text()
    assert "compare(&result, 1, mf_network_input_int(), MF_INPUT_INT_BYTES);" in written


def test_steps_for_one_of_each_say_so() -> None:
    network = pooled()
    device = HostDevice(network)
    with pytest.raises(UserError, match=r"has 2 inputs \(left eye, int\); this step needs exactly one"):
        device.run(np.zeros((1, 4, 4, 2), np.int8))
    with pytest.raises(UserError, match="is given left eye; it takes left eye, int"):
        device.run_of({"left eye": np.zeros((1, 4, 4, 2), np.int8)})
    with pytest.raises(UserError, match="several lengths"):
        device.run_of({"left eye": np.zeros((1, 4, 4, 2), np.int8), "int": np.zeros((2, 2, 2, 3), np.int8)})


def test_files_are_given_in_order_or_by_name(tmp_path: Path) -> None:
    network = pooled()
    values, files = drawn(network, 1), [str(tmp_path / "a.npy"), str(tmp_path / "b.npy")]
    for file, x in zip(files, values.values(), strict=True):
        np.save(file, x)
    for texts in (files, [f"int={files[1]}", f"left eye={files[0]}"]):
        found = read_inputs(Model.of(network), texts)
        assert all(np.array_equal(found[name], values[name]) for name in network.inputs)
    for wrong in (files[:1], [*files, files[0]], [f"int={files[1]}", files[0]], [f"int={files[1]}"] * 2):
        with pytest.raises(UserError, match="has 2 inputs"):
            read_inputs(Model.of(network), wrong)
