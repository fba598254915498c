"""Networks of every kind of operator: the same integers from LiteRT, numpy, the host's C and an emulated chip."""

from pathlib import Path

import numpy as np
import pytest
from whole_network import several_ports, whole_network

from litert import differing, reference
from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.host import HostDevice
from microface.chip.firmware.build import build
from microface.chip.targets import Target
from microface.network.convert.tflite import import_tflite
from microface.network.convert.tflite.write import model_bytes


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_a_whole_network_is_the_same_everywhere(dtype: str, tmp_path: Path) -> None:
    draft, path = whole_network(dtype), tmp_path / "whole.tflite"
    path.write_bytes(model_bytes(draft.model()))
    imported = import_tflite(path)
    network = imported.network
    (x,) = draft.values().values()
    assert len(imported.names) == 21
    assert differing(imported, network.run_all(x), reference(path, {draft.inputs[0]: x})) == []
    for device in (
        HostDevice(network),
        EmulatedDevice(build(network, Target.load("stm32h743zi"), tmp_path / "firmware"), check_alignment=True),
    ):
        assert device.self_test() is None
        assert np.array_equal(device.run(x), network.run(x))


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_several_inputs_and_outputs_are_the_same_everywhere(dtype: str, tmp_path: Path) -> None:
    draft, path = several_ports(dtype), tmp_path / "ports.tflite"
    path.write_bytes(model_bytes(draft.model()))
    imported, given = import_tflite(path), draft.values()
    network, inputs = imported.network, {imported.names[number]: x for number, x in given.items()}
    theirs = reference(path, given)
    assert (len(network.inputs), len(network.outputs)) == (2, 3)
    assert differing(imported, dict(network.steps_of(inputs)), theirs) == []
    for device in (HostDevice(network), EmulatedDevice(build(network, Target.load("nrf52840"), tmp_path / "fw"))):
        assert device.self_test() is None
        found = device.run_of(inputs)
        for number in draft.outputs:
            assert np.array_equal(found[imported.names[number]], theirs[number].reshape(1, 6, 5, -1))
