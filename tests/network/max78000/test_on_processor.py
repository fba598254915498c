"""Networks of the accelerator on processors: the same integers, in numpy, on this computer and on an emulated chip."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.host import HostDevice
from microface.chip.firmware.build import build
from microface.chip.targets import Target
from microface.errors import UserError
from microface.network import IntegerNetwork
from microface.network.facenets import published
from microface.network.passes import on_processor

sys.path.append(str(Path(__file__).resolve().parents[2] / "chip" / "max78000"))
from accelerator_networks import NETWORKS

RUNNING = ("facenet_v3", "rounds", "bits", "residual", "subtract", "average", "planes", "streaming")


def inputs_of(network: IntegerNetwork, count: int = 2) -> np.ndarray:
    return np.random.default_rng(3).integers(-128, 128, (count, *network.input.shape)).astype(np.int8)


@pytest.mark.parametrize("name", RUNNING)
def test_the_operators_give_the_same_integers(name: str) -> None:
    network = NETWORKS[name]()
    again, x = on_processor.apply(network), inputs_of(network)
    assert not on_processor.match(again) and on_processor.match(network)
    np.testing.assert_array_equal(again.run(x), network.run(x))


@pytest.mark.parametrize("name", ["rounds", "subtract"])
def test_the_host_gives_the_same_integers(name: str) -> None:
    network = NETWORKS[name]()
    device, x = HostDevice(network), inputs_of(network)
    np.testing.assert_array_equal(device.run(x), network.run(x))
    assert device.self_test() is None


@pytest.mark.parametrize("name", ["sequence", "exclusive", "transposed"])
def test_what_only_the_accelerator_does_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="only the accelerator does"):
        on_processor.apply(NETWORKS[name]())


@pytest.mark.parametrize(("name", "target"), [("average", "nrf52840")])
def test_an_emulated_processor_gives_the_same_integers(name: str, target: str, tmp_path: Path) -> None:
    pytest.importorskip("unicorn")
    network = NETWORKS[name]()
    x = inputs_of(network, 1)
    device = EmulatedDevice(build(network, Target.load(target), tmp_path / "firmware"))
    np.testing.assert_array_equal(device.run(x), network.run(x))


def test_faceid_runs_on_this_computer_with_its_own_average() -> None:
    network = published("ai85faceidnet")
    x = inputs_of(network)
    np.testing.assert_array_equal(HostDevice(network).run(x), network.run(x))
    assert [op.kind for op in on_processor.apply(network).operators][-1] == "max78000_passthrough"


def test_averages_round_away_from_zero() -> None:
    network = NETWORKS["average"]()
    last = dataclasses.replace(network.operators[-1], pool_rounding=True)
    changed = dataclasses.replace(network, operators=(*network.operators[:-1], last))
    x = inputs_of(changed, 4)
    np.testing.assert_array_equal(HostDevice(changed).run(x), changed.run(x))
