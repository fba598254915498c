"""What build leaves: files that come back as the same network, words that come back as the same weights, a chip."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from accelerator_networks import NETWORKS, build

from microface.chip.devices.accelerator import AcceleratorDevice
from microface.chip.firmware.max78000.headers import bias_memories, kernel_words, operators_of
from microface.chip.firmware.max78000.kernels import COLUMN_BYTES, columns_from, unpack
from microface.chip.firmware.max78000.project import build_accelerator, draw_sample
from microface.chip.firmware.max78000.vendor import arch_of, write_vendor_files
from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.errors import UserError
from microface.network.convert import ai8x

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


@pytest.mark.parametrize("name", ["bits", "residual", "planes"])
def test_the_emulated_chip_gives_the_same_integers(name, tmp_path: Path):
    pytest.importorskip("unicorn")
    pytest.importorskip("torch")
    network = NETWORKS[name]()
    device = AcceleratorDevice(build_accelerator(network, TARGET, tmp_path / "firmware"))
    assert device.self_test() is None
    inputs = np.random.default_rng(1).integers(-128, 128, (2, *network.input.shape)).astype(np.int8)
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    assert device.microseconds > 0


def test_a_wrong_weight_fails_the_known_answer_test(tmp_path: Path):
    pytest.importorskip("unicorn")
    pytest.importorskip("torch")
    device = AcceleratorDevice(build_accelerator(NETWORKS["rounds"](), TARGET, tmp_path / "firmware"))
    placed = device.accelerator.plan.layers[-1]
    processor = placed.input_lanes.first
    device.accelerator._columns[processor][placed.first_column * COLUMN_BYTES + COLUMN_BYTES - 1] ^= 0xFF
    wrong = device.self_test()
    assert wrong is not None and 0x50400000 <= wrong < 0x51020000


def test_what_streams_is_exported_but_not_emulated(tmp_path: Path):
    pytest.importorskip("torch")
    layers = [{"outputs": 16, "padding": (1, 1), "pool": "max", "pool_size": (2, 2), "pool_stride": (2, 2)}]
    network = build("stream", (190, 190, 3), [*layers, *layers, {"outputs": 4, "padding": (1, 1)}])
    assert plan_accelerator(network, TARGET).streams
    with pytest.raises(UserError, match="streams its input"):
        build_accelerator(network, TARGET, tmp_path / "firmware")
    built = build_accelerator(network, TARGET, tmp_path / "firmware", source_only=True)
    assert (built.folder / "vendor" / "stream.yaml").is_file()


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
