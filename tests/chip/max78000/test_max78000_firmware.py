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
from microface.chip.plan.max78000.rules import Refusal
from microface.chip.targets import Target
from microface.errors import UserError
from microface.network import IntegerNetwork
from microface.network.convert import ai8x
from microface.network.convert.ai8x.checkpoint import CheckpointLayer, write_checkpoint
from microface.network.facenets import published
from microface.network.ops.max78000.limits import LIMITS

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


@pytest.mark.parametrize("name", ["bits", "residual", "twice", "packed", "planes", "streaming", "two_fifos"])
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
        ("dataset: bits", "dataset: bits\nfoo: 3", "the key foo, which is not read"),
        ("kernel_size: 3x3", "kernel_size: 1x1", "kernel_size 1x1, its weights 3x3"),
        ("  - operation", "  - name: input\n    operation", "the name input, which is taken"),
        ("  - operation", "  - in_sequences: foo\n    operation", "layer 0: reads layer foo"),
        ("  - operation", "  - in_sequences: 0\n    operation", "layer 0: reads layer 0"),
        ("  - operation", "  - in_sequences: []\n    operation", "reads no layer"),
        ("  - operation", "  - in_sequences: [-1, -1]\n    operation", "joins the channels of 2 layers"),
        ("  - operation", "  - eltwise: add\n    operation", "combines 2 operands and reads 1"),
        ("  - operation", "  - max_pool: 2x2\n    operation", "max_pool '2x2'"),
        ("  - operation", "  - max_pool: 0\n    operation", "max_pool 0; give at least 1"),
        ("  - operation", "  - max_pool: [2, 2, 2]\n    operation", "or a list of two"),
        ("  - operation", "  - pool_stride: 2\n    operation", "pool_stride and no pool"),
        ("  - operation", "  - op: conv2d\n    operation", "has operation and op"),
        ("  - operation", "  - output: perhaps\n    operation", "output 'perhaps'; give true or false"),
        ("  - operation", "  - flatten: true\n    operation", "flattens in front of a conv2d"),
        ("  - operation", "  - in_dim: [4, 16]\n    operation", "reads 8x8 pixels as 4x16"),
        ("  - operation", "  - in_channels: 3\n    operation", "reads 3 of 5 channels"),
        ("  - operation", "  - out_channels: 3\n    operation", "gives 13 channels"),
        ("  - operation", "  - sequence: 2\n    operation", "runs out of order"),
        ("  - operation", "  - next_sequence: stop\n    operation", "runs out of order"),
        ("  - operation", "  - output_width: 16\n    operation", "output_width 16"),
        ("  - operation", "  - output_shift: much\n    operation", "output_shift 'much'"),
        ("pad: 1", "pad: [1, 0]", "has pad 1 and 0"),
        ("layers:", "layers:\n  -", "layer 0: has no keys"),
        ("layers:", "layers:\n  - conv", "layer 0: has no keys"),
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


NAMED = [
    ("quantization: 1", "quantization: binary", "weight_bits"),
    ("quantization: 1", "quantization: abc", "weight_bits"),
    ("quantization: 2", "quantization: 1", "weight_range"),
    ("  - operation", "  - groups: 5\n    operation", "groups"),
    ("  - operation", "  - stride: 2\n    operation", "convolution_stride"),
    ("  - operation", "  - max_pool: 2\n    pool_dilation: 2\n    operation", "pool_dilation"),
    ("operation: conv2d", "stride: 1\n    operation: convtranspose2d", "transposed_stride"),
    ("operation: conv2d", "output_pad: 0\n    operation: convtranspose2d", "transposed_output_pad"),
    ("operation: conv2d", "output_width: 32\n    operation: none", "wide_convolution"),
    ("activate: ReLU", "output_width: 32\n    activate: ReLU", "wide_activation"),
    ("  - operation", "  - output: true\n    operation", "unread"),
]


@pytest.mark.parametrize(("old", "new", "rule"), NAMED, ids=[f"{rule}{i}" for i, (_, _, rule) in enumerate(NAMED)])
def test_a_description_that_the_chip_cannot_run_is_refused_by_the_rule(tmp_path: Path, old, new, rule):
    pytest.importorskip("torch")
    network = NETWORKS["bits"]()
    write_vendor_files(plan_accelerator(network, TARGET), draw_sample(network), tmp_path)
    path = tmp_path / "bits.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(Refusal) as caught:
        plan_accelerator(ai8x.read(tmp_path / "bits.pth.tar", path, network.input.shape), TARGET)
    assert caught.value.rule == rule


def test_limits_of_the_arithmetic_are_the_rules_of_the_target():
    for name, limit in LIMITS.items():
        rule = TARGET.rule(name)
        assert rule is not None and (rule.value, rule.sentence) == (limit.value, limit.sentence)
    assert LIMITS.keys() == {rule for _, _, rule in NAMED if rule in LIMITS}


def read_layers(folder: Path, layers: str, *outputs: int, **options: bool) -> IntegerNetwork:
    """Read 3x3 convolutions from 3 channels to `outputs` and on, over 8 x 8 pixels, as `layers` describe them."""
    pytest.importorskip("torch")
    rng, sides = np.random.default_rng(1), (3, *outputs)
    stored = [
        CheckpointLayer(f"c{i}", rng.integers(-128, 128, (outputs[i], sides[i], 3, 3)), None, -3, 8)
        for i in range(len(outputs))
    ]
    write_checkpoint(folder / "made.pth.tar", "made", stored)
    (folder / "made.yaml").write_text("arch: made\ndataset: made\nlayers:\n" + layers)
    return ai8x.read(folder / "made.pth.tar", folder / "made.yaml", (8, 8, 3), **options)


def test_layers_are_named_by_number_name_and_input(tmp_path: Path):
    network = read_layers(
        tmp_path, "  - {op: conv2d, in_sequences: input, name: First}\n  - {in_sequences: first}\n", 4, 5
    )
    assert [operator.inputs for operator in network.operators] == [("input",), ("t0",)]


def test_two_strides_of_a_pool_are_read_as_they_are(tmp_path: Path):
    network = read_layers(tmp_path, "  - {max_pool: 2, pool_stride: [2, 1]}\n", 4)
    with pytest.raises(Refusal, match="breaks rule pool_stride_square: has 2x1"):
        plan_accelerator(network, TARGET)


def test_marked_layers_are_the_outputs_and_the_planner_refuses_several(tmp_path: Path):
    layers = "  - {name: body}\n  - {in_sequences: body, output: true}\n  - {in_sequences: 0, output: true}\n"
    network = read_layers(tmp_path, layers, 4, 4, 4)
    assert network.outputs == ("t1", "t2")
    with pytest.raises(Refusal, match="breaks rule outputs: has 2 \\(t1, t2\\), allowed 1"):
        plan_accelerator(network, TARGET)


def test_averages_round_as_the_option_says(tmp_path: Path):
    layers = "  - {avg_pool: 2, pool_stride: 2}\n"
    cut, rounded = (read_layers(tmp_path, layers, 4, pool_rounding=each) for each in (False, True))
    x = np.random.default_rng(1).integers(-128, 128, (1, 8, 8, 3)).astype(np.int8)
    assert np.any(cut.run(x) != rounded.run(x))
    assert [op.pool_rounding for op in (cut.operators[0], rounded.operators[0])] == [False, True]


def test_a_shift_in_the_description_replaces_the_checkpoints(tmp_path: Path):
    network = read_layers(tmp_path, "  - {output_shift: -5}\n", 4)
    assert network.operators[0].output_shift == -5


def test_a_linear_layer_flattens_only_where_it_is_told_to(tmp_path: Path):
    pytest.importorskip("torch")
    write_checkpoint(tmp_path / "a.pth.tar", "a", [CheckpointLayer("fc", np.ones((2, 12), np.int64), None, 0, 8)])
    path = tmp_path / "a.yaml"
    path.write_text("arch: a\ndataset: a\nlayers:\n  - {op: linear}\n")
    with pytest.raises(UserError, match="reads 12 values and does not flatten"):
        ai8x.read(tmp_path / "a.pth.tar", path, (2, 2, 3))
    path.write_text("arch: a\ndataset: a\nlayers:\n  - {op: conv2d, kernel_size: 1x1, flatten: true}\n")
    assert ai8x.read(tmp_path / "a.pth.tar", path, (2, 2, 3)).output.shape == (1, 1, 2)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path):
    pytest.importorskip("torch")
    (tmp_path / "junk.pth.tar").write_bytes(b"junk")
    with pytest.raises(UserError, match="is no checkpoint"):
        ai8x.read(tmp_path / "junk.pth.tar", tmp_path / "no.yaml", (4, 4, 1))
