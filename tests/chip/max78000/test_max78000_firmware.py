"""What build leaves: files that come back as the same network, words that come back as the same weights, a chip."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from accelerator_networks import NETWORKS, build

from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.firmware.max78000.headers import bias_memories, kernel_words, operators_of
from microface.chip.firmware.max78000.kernels import COLUMN_BYTES, columns_from, unpack
from microface.chip.firmware.max78000.project import build_accelerator
from microface.chip.firmware.max78000.sources import draw_sample
from microface.chip.firmware.max78000.vendor import arch_of, write_vendor_files
from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.plan.max78000.blocks import rows_kept
from microface.chip.targets import Target
from microface.errors import UserError
from microface.network import IntegerNetwork
from microface.network.convert import ai8x
from microface.network.facenets import published

TARGET = Target.load("max78000")


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_come_back_from_the_words_of_the_memories(name):
    plan = plan_accelerator(NETWORKS[name](), TARGET)
    columns = columns_from(np.array(kernel_words(plan)))
    for placed in plan.layers:
        if not placed.layer.convolves:
            continue
        expected = operators_of(plan)[placed.layer.name].weights
        got, start = np.full(expected.shape, 99, np.int8), placed.first_column * COLUMN_BYTES
        for lane, processor in enumerate(placed.input_lanes.processors):
            unpack(placed, got, lane, bytes(columns[processor][start : start + placed.columns * COLUMN_BYTES]))
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_checkpoint_and_yaml_come_back_as_the_same_integers(name, tmp_path: Path):
    pytest.importorskip("torch")
    network = NETWORKS[name]()
    sample, arch = draw_sample(network), arch_of(network.name)
    write_vendor_files(plan_accelerator(network, TARGET), sample, tmp_path)
    shape = ai8x.sample_shape(tmp_path / "sample.npy")
    again = ai8x.read(tmp_path / f"{arch}.pth.tar", tmp_path / f"{arch}.yaml", shape)
    np.testing.assert_array_equal(again.run(sample[None]), network.run(sample[None]))


def test_a_kernel_of_nine_bytes_is_one_column_read_row_by_row():
    network = build("one", (4, 4, 1), [{"outputs": 1, "padding": (1, 1)}])
    weights = np.arange(1, 10, dtype=np.int8).reshape(1, 3, 3, 1)
    operator = dataclasses.replace(network.operators[0], weights=weights, bias=np.array([-2], np.int8))
    plan = plan_accelerator(dataclasses.replace(network, operators=(operator,)), TARGET)
    assert kernel_words(plan) == [0x50180000, 3, 0x01020304, 0x05060708, 0x09000000, 0]
    assert bias_memories(plan) == {0: b"\xfe"}


def on_chip(network: IntegerNetwork, folder: Path) -> EmulatedDevice:
    pytest.importorskip("unicorn")
    pytest.importorskip("torch")
    return EmulatedDevice(build_accelerator(network, TARGET, folder / "firmware"))


@pytest.mark.parametrize("name", ["bits", "residual", "planes", "streaming", "two_fifos"])
def test_the_emulated_chip_gives_the_same_integers(name, tmp_path: Path):
    network = NETWORKS[name]()
    device = on_chip(network, tmp_path)
    assert device.accelerators is not None and device.self_test() is None
    inputs = np.random.default_rng(1).integers(-128, 128, (2, *network.input.shape)).astype(np.int8)
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    low, high = device.accelerators.microseconds
    assert 0 < low <= high and (low < high) == device.accelerators.networks[0].plan.streams


def test_faceid_streams_two_layers_and_runs_on_the_emulated_chip(tmp_path: Path):
    """120 x 160 x 3 (w x h) would fit a data memory plane by plane, but not the first layer's output."""
    network = published("ai85faceidnet")
    plan = plan_accelerator(network, TARGET)
    assert [placed.layer.name for placed in plan.layers if placed.streaming] == ["conv1", "conv2"]
    device = on_chip(network, tmp_path)
    inputs = np.random.default_rng(1).integers(-128, 128, (1, *network.input.shape)).astype(np.int8)
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    assert device.accelerators is not None
    assert device.accelerators.microseconds == pytest.approx((12278.42, 17535.86))


def test_a_wrong_weight_fails_the_known_answer_test(tmp_path: Path):
    device = on_chip(NETWORKS["rounds"](), tmp_path)
    assert device.accelerators is not None and device.self_test() is None
    accelerator = device.accelerators.networks[0]
    placed = accelerator.plan.layers[-1]
    accelerator.columns[placed.input_lanes.first][placed.first_column * COLUMN_BYTES + COLUMN_BYTES - 1] ^= 0xFF
    assert device.self_test() == "accelerator"


@pytest.mark.parametrize("name", ["streaming", "two_fifos", "ai85faceidnet"])
def test_rows_that_stream_and_what_they_become_lie_apart(name):
    """Layers that stream run at once: the rows that each keeps and the last one's output share no byte."""
    network = NETWORKS[name]() if name in NETWORKS else published(name)
    chain = [placed for placed in plan_accelerator(network, TARGET).layers if placed.streaming]
    taken: set[tuple[int, int]] = set()
    for placed in chain:
        size = rows_kept(placed.layer) * placed.layer.source[1] * 4
        taken = disjoint(taken, placed.input_lanes.instances, placed.in_offset, size)
    disjoint(taken, chain[-1].output_lanes.instances, chain[-1].out_offset, chain[-1].output_bytes)


def disjoint(taken: set[tuple[int, int]], memories: tuple[int, ...], offset: int, size: int) -> set[tuple[int, int]]:
    words = {(memory, word) for memory in memories for word in range(offset // 4, (offset + size) // 4)}
    assert not words & taken
    return words | taken


def test_a_fifo_is_not_fed_while_nothing_streams(tmp_path: Path):
    device = on_chip(NETWORKS["bits"](), tmp_path)
    assert device.accelerators is not None
    accelerator = device.accelerators.networks[0]
    assert accelerator.fifos is not None
    with pytest.raises(UserError, match="register 0x50000008: is written"):
        accelerator.fifos.write(8, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("operation: conv2d", "operation: conv3d", "has the operation conv3d"),
        ("activate: None", "activate: Tanh", "activates by Tanh"),
        ("  - operation", "  - calcx4: 1\n    operation", "the key calcx4"),
        ("  - operation", "  - pad: 0\n    operation", "the key pad twice"),
        ("arch: bits", "arch: other", "give files that belong together"),
        ("layers:", "strata:", "has no arch and layers"),
        ("---", "{", "is no YAML"),
    ],
)
def test_mistakes_in_a_description_are_named(tmp_path: Path, old, new, message):
    pytest.importorskip("torch")
    network = NETWORKS["bits"]()
    write_vendor_files(plan_accelerator(network, TARGET), draw_sample(network), tmp_path)
    path = tmp_path / "bits.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UserError, match=message):
        ai8x.read(tmp_path / "bits.pth.tar", path, network.input.shape)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path):
    pytest.importorskip("torch")
    (tmp_path / "junk.pth.tar").write_bytes(b"junk")
    with pytest.raises(UserError, match="is no checkpoint"):
        ai8x.read(tmp_path / "junk.pth.tar", tmp_path / "no.yaml", (4, 4, 1))
