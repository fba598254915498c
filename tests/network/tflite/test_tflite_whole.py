"""Networks of every kind of operator: the same integers from LiteRT, numpy, the host's C and an emulated chip."""

from pathlib import Path

import numpy as np
import pytest
from whole_network import whole_network

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
