"""Placing: networks drawn with a hidden placement are placed, and every placement keeps the hardware's limits."""

import os

import numpy as np
import pytest
from accelerator_networks import NETWORKS
from hidden_placements import draw
from hypothesis import given, settings
from hypothesis import strategies as st

from microface.chip.plan.max78000.blocks import Formats
from microface.chip.plan.max78000.plan import PlacedLayer
from microface.chip.plan.max78000.planner import place, plan_accelerator
from microface.chip.plan.max78000.rules import Refusal, warnings
from microface.chip.plan.max78000.search import Search
from microface.chip.plan.max78000.workload import HardwareLayer, Workload, passes
from microface.chip.targets import Target
from microface.network.ops.max78000.limits import LIMITS

TARGET = Target.load("max78000")
COUNT = int(os.environ.get("MICROFACE_RANDOM_NETWORKS", "40"))


def workload(seed: int, layers: list[dict] | None = None) -> Workload:
    layers = layers or draw(seed).layers
    return Workload("drawn", tuple(HardwareLayer(**layer) for layer in layers), ("input",), layers[-1]["output"])


def test_networks_with_a_hidden_placement_are_placed():
    """MICROFACE_RANDOM_NETWORKS=1000 draws as many as the published figure."""
    drawn = [draw(seed) for seed in range(COUNT)]
    refused = []
    for seed, each in enumerate(drawn):
        try:
            place(workload(seed, each.layers), TARGET)
        except Refusal as refusal:
            refused.append((seed, str(refusal)))
    assert sum(each.tight for each in drawn) >= 0.3 * COUNT
    assert len(refused) <= 0.05 * COUNT, refused


def occupied(placed: PlacedLayer, output: bool) -> tuple[set[int], set[int]]:
    """Data memories, and addresses in them (bytes, by words), of what a layer writes or reads."""
    mask = placed.output_processors if output else placed.processors
    start, size = (placed.out_offset, placed.output_bytes) if output else (placed.in_offset, placed.input_bytes)
    if output:
        size -= 4 * placed.write_gap  # the gaps behind the last pixel belong to others
    return {p // 4 for p in range(64) if mask >> p & 1}, set(range(start, start + size, 4))


@settings(max_examples=25)
@given(seed=st.integers(10_000, 20_000))
def test_every_placement_keeps_the_limits(seed):
    work = workload(seed)
    try:
        placed = place(work, TARGET)
    except Refusal:
        return
    columns = np.zeros((64, 768), int)
    for each in placed:
        before = each.output_lanes.first % 4 * passes(each.layer.source[2]) if each.layer.convolves else 0
        assert (each.first_column - before) % 4 == 0 and each.in_offset % 4 == 0 and each.out_offset % 4 == 0
        lanes = [p for p in range(64) if each.processors >> p & 1]
        columns[lanes, each.first_column - before : each.first_column + each.columns] += 1
        assert each.first_column + each.columns <= 768
    assert columns.max() <= 1, "a column is used twice"
    assert any(each.processors & 0xFFFF for each in placed)
    _check_data(work, placed)
    _check_biases(placed)


def _check_data(work: Workload, placed: tuple[PlacedLayer, ...]) -> None:
    lanes = {layer.inputs[0]: placed[i].processors for i, layer in enumerate(work.layers)}
    for index, each in enumerate(placed):
        memories, written = occupied(each, output=True)
        assert max(written) < 32768
        read_memories, read = occupied(each, output=False)
        if not each.write_gap and len(each.layer.inputs) == 1 and not each.streaming:
            assert not (memories & read_memories and written & read), f"layer {index} overwrites its input"
        assert lanes.get(each.layer.output, each.output_processors) == each.output_processors
        if not each.layer.convolves:
            assert each.processors == each.output_processors


def _check_biases(placed: tuple[PlacedLayer, ...]) -> None:
    used: dict[int, set[int]] = {}
    for each in placed:
        assert (each.bias is not None) == each.layer.biased
        if each.bias is not None:
            place_ = set(range(each.bias.offset, each.bias.offset + each.bias.bytes))
            assert max(place_) < 512 and not place_ & used.setdefault(each.bias.group, set())
            used[each.bias.group] |= place_


@settings(max_examples=25)
@given(seed=st.integers(20_000, 30_000))
def test_what_is_alive_is_never_overwritten(seed):
    """Plays the layers in order and checks that each reads exactly what its writers left."""
    work = workload(seed)
    try:
        placed = place(work, TARGET)
    except Refusal:
        return
    memory = np.full((16, 8192), -1)  # which tensor each word holds
    names = {name: i for i, name in enumerate(work.shapes)}
    _store(memory, placed[0].processors, placed[0].in_offset, placed[0].input_bytes, 1, names["input"])
    for each in placed:
        count = len(each.layer.inputs)
        for position, name in enumerate(each.layer.inputs):
            size = each.input_bytes // count
            got = _words(memory, each.processors, each.in_offset + 4 * position, size, count)
            assert np.all(got == names[name]), f"{each.layer.name} does not find {name}"
        size = each.output_bytes // (1 + each.write_gap)
        _store(memory, each.output_processors, each.out_offset, size, 1 + each.write_gap, names[each.layer.output])


def _store(memory: np.ndarray, mask: int, offset: int, size: int, step: int, value: int) -> None:
    for instance in {p // 4 for p in range(64) if mask >> p & 1}:
        memory[instance, offset // 4 : offset // 4 + size // 4 * step : step] = value


def _words(memory: np.ndarray, mask: int, offset: int, size: int, step: int) -> np.ndarray:
    instances = sorted({p // 4 for p in range(64) if mask >> p & 1})
    return memory[instances, offset // 4 : offset // 4 + size // 4 * step : step]


def chain(*layers: HardwareLayer) -> Workload:
    return Workload("chain", layers, ("x",), layers[-1].output)


def layer(name: str = "a", reads: str = "x", writes: str = "y", **fields: object) -> HardwareLayer:
    shape = fields.pop("shape", (8, 8, 16))
    defaults = {"source": shape, "pooled": shape, "result": shape, "operation": "conv2d", "kernel": (3, 3)}
    defaults |= {"padding": (1, 1)}
    return HardwareLayer(name=name, inputs=(reads,), output=writes, **(defaults | fields))


def repeated(count: int, **fields: object) -> Workload:
    return chain(*(layer(f"l{i}", f"t{i}" if i else "x", f"t{i + 1}", **fields) for i in range(count)))


def wide(count: int, bits: int = 8) -> Workload:
    return repeated(count, shape=(4, 4, 64), bits=bits)


LINEAR = {"operation": "linear", "kernel": (1, 1), "padding": (0, 0)}
FLAT = {"operation": "linear", "padding": (0, 0), "result": (1, 1, 4)}
EVERYTHING = [
    ("layers", wide(33, 1)),
    ("unread", chain(layer(), layer("b", "x", "z"))),
    ("channels", chain(layer(result=(8, 8, 1025)))),
    ("side", chain(layer(shape=(4, 1023, 1)))),
    ("sequence_length", chain(layer(shape=(1024, 1, 8), operation="conv1d", kernel=(3, 1), padding=(1, 0)))),
    ("kernel", chain(layer(kernel=(5, 5)))),
    ("kernel_1d", chain(layer(shape=(64, 1, 8), operation="conv1d", kernel=(10, 1), padding=(1, 0)))),
    ("padding", chain(layer(padding=(3, 3)))),
    ("padding", chain(layer(kernel=(1, 1)))),
    ("dilation", chain(layer(dilation=(2, 2)))),
    ("dilation_1d", chain(layer(shape=(64, 1, 8), operation="conv1d", kernel=(5, 1), padding=(0, 0), dilation=(2, 1)))),
    ("pool", chain(layer(shape=(40, 40, 4), pool="max", pool_size=(17, 17)))),
    ("pool_stride", chain(layer(shape=(40, 40, 4), pool="max", pool_size=(2, 2), pool_stride=(17, 17)))),
    ("pool_stride_square", chain(layer(pool="max", pool_size=(2, 2), pool_stride=(2, 1)))),
    ("pool_channels", chain(layer(shape=(8, 8, 65), operation="passthrough", pool="max", pool_size=(2, 2)))),
    ("linear_inputs", chain(layer(shape=(1, 1, 1025), **LINEAR, result=(1, 1, 4)))),
    ("linear_outputs", chain(layer(shape=(1, 1, 4), **LINEAR, result=(1, 1, 1025)))),
    ("flatten_values", chain(layer(shape=(16, 16, 65), kernel=(16, 16), **FLAT))),
    ("flatten_pixels", chain(layer(shape=(17, 16, 4), kernel=(17, 16), **FLAT))),
    ("flatten_alone", chain(
        layer(shape=(8, 8, 4), kernel=(4, 4), pooled=(4, 4, 4), pool="max", pool_size=(2, 2), **FLAT))),
    ("flatten_channels", chain(layer(shape=(4, 4, 68), kernel=(4, 4), **FLAT))),
    ("operand_channels", chain(HardwareLayer(
        name="a", inputs=("x", "b", "c"), output="y", operation="conv2d", eltwise="add",
        source=(4, 4, 65), pooled=(4, 4, 65), result=(4, 4, 4)))),
    ("operands", chain(HardwareLayer(
        name="a", inputs=tuple(f"x{i}" for i in range(17)), output="y", operation="passthrough", eltwise="add",
        source=(4, 4, 4), pooled=(4, 4, 4), result=(4, 4, 4)))),
    ("weight_bits", chain(layer(bits=3))),
    ("output_shift", chain(layer(output_shift=12, bits=4))),
    ("wide_activation", chain(layer(wide=True, activation="relu"))),
    ("wide_convolution", chain(layer(operation="passthrough", wide=True))),
    ("wide_last", chain(layer(wide=True), layer("b", "y", "z"))),
    ("bias_outputs", chain(layer(biased=True, result=(8, 8, 513)))),
    ("bias_memory", repeated(
        5, shape=(2, 2, 512), biased=True, bits=1, kernel=(1, 1), padding=(0, 0))),
    ("weight_columns", wide(13)),
    ("weight_columns", chain(layer(shape=(4, 4, 3), result=(4, 4, 772)))),
    ("data_memory", chain(layer(shape=(80, 80, 8)), layer("b", "y", "z", shape=(80, 80, 8), result=(100, 100, 8)))),
    ("planar_channels", chain(layer(shape=(100, 100, 17)))),
    ("fifo_channels", chain(layer(shape=(200, 200, 17)))),
    ("streaming_values", chain(
        layer(shape=(1000, 1000, 3), result=(1000, 1000, 129)),
        layer("b", "y", "z", shape=(1000, 1000, 129), pooled=(62, 62, 129), result=(62, 62, 4),
              pool="max", pool_size=(16, 16), pool_stride=(16, 16)))),
    ("streaming_layers", repeated(9, shape=(200, 200, 3))),
    ("streaming_padding", chain(layer(
        shape=(200, 200, 3), pooled=(66, 66, 3), result=(64, 64, 4), padding=(0, 0),
        pool="max", pool_size=(3, 3), pool_stride=(3, 3)))),
    ("streaming_convolution", chain(layer(shape=(200, 200, 3), operation="passthrough"))),
    ("streaming_chain", chain(
        layer(shape=(200, 200, 3)), layer("b", "y", "z", shape=(200, 200, 3)),
        HardwareLayer(name="c", inputs=("y", "z"), output="w", operation="conv2d", eltwise="add", kernel=(3, 3),
                      padding=(1, 1), source=(200, 200, 3), pooled=(200, 200, 3), result=(200, 200, 3)))),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "work"), EVERYTHING, ids=[f"{rule}{i}" for i, (rule, _) in enumerate(EVERYTHING)])
def test_each_limit_is_refused_by_its_name(rule, work):
    with pytest.raises(Refusal) as caught:
        place(work, TARGET)
    assert caught.value.rule == rule
    assert f"rule {rule}" in str(caught.value) and "\n" not in str(caught.value)


def test_no_placement_leaves_quadrant_0_unused():
    """The planner sees to it, so no network breaks the rule; kept out of that quadrant it would be refused by name."""
    work = chain(layer(shape=(4, 4, 8), result=(4, 4, 8)))
    search = Search(work, TARGET, Formats())
    search.choices = {name: tuple(each for each in found if each.first >= 16) for name, found in search.choices.items()}
    search.packed = search.choices
    assert search.run() is None and search.failure.rule == "quadrant_0"
    assert place(work, TARGET)[0].processors & 0xFFFF


def test_every_rule_of_the_accelerator_is_tried():
    of_the_processor = {"arena_in_one_bank", "arena_alignment", "gallery_slots", "accelerator_clock_hz"}
    named = {rule.name for rule in TARGET.rules} - of_the_processor
    of_descriptions = set(LIMITS) | {"outputs"}  # tried with the files that break them
    assert named == {rule for rule, _ in EVERYTHING} | {"quadrant_0", "streaming_bias"} | of_descriptions


def test_the_sentence_tells_layer_have_allowed_and_what_would_help():
    with pytest.raises(
        Refusal, match=r"layer a: breaks rule pool: has 17, allowed 16: A pool is at most 16 .*; pool in"
    ):
        place(dict(EVERYTHING)["pool"], TARGET)


def test_groups_lie_side_by_side_within_a_data_memory_where_nothing_else_fits():
    """Three times 21 processors hold five layers of 192 columns beside five of 63 on all; with gaps only two do."""
    placed = plan_accelerator(NETWORKS["packed"](), TARGET).layers
    assert {each.output_lanes.first % 4 for each in placed if each.layer.result[2] == 21} > {0}
    for each in placed:
        assert each.first_column + each.columns <= 768


def test_what_shares_the_place_is_named_with_the_sum():
    with pytest.raises(Refusal, match=r"has 832 columns in processor \d+, 64 of them beside those of l0, l1, l2"):
        place(wide(13), TARGET)
    big = (layer(shape=(80, 80, 64)), layer("b", "y", "z", shape=(80, 80, 64)))
    with pytest.raises(Refusal, match=r"has 51200 bytes in data memory \d+, 25600 of them beside [xyz]"):
        place(chain(*big), TARGET)


def test_a_first_pool_of_its_own_is_told_to_join_the_convolution():
    work = chain(
        layer(shape=(240, 320, 3), operation="passthrough", kernel=(1, 1), padding=(0, 0), pool="max",
              pool_size=(2, 2), pool_stride=(2, 2), pooled=(120, 160, 3), result=(120, 160, 3)),
        layer("b", "y", "z", shape=(120, 160, 3)))  # fmt: skip
    with pytest.raises(Refusal, match=r"layer a: .* does not convolve.*; put the pool into the convolution behind it"):
        place(work, TARGET)


def test_biases_that_stream_are_a_warning():
    placed = plan_accelerator(NETWORKS["two_fifos"](), TARGET).layers
    assert [text.partition(":")[0] for text in warnings(placed, TARGET)] == ["layer layer0"]
    assert not list(warnings(plan_accelerator(NETWORKS["rounds"](), TARGET).layers, TARGET))


def test_twelve_full_layers_fill_the_weight_memory_and_twice_as_many_fit_with_half_the_bits():
    assert {each.columns for each in place(wide(12), TARGET)} == {64}
    assert len(place(wide(24, 4), TARGET)) == 24
    with pytest.raises(Refusal, match="weight_columns"):
        place(wide(25, 4), TARGET)


@pytest.mark.parametrize(
    ("height", "width", "planar", "streaming"), [(90, 91, False, 0), (181, 181, True, 0), (182, 182, False, 1)]
)
def test_large_inputs_change_their_format_and_then_stream(height, width, planar, streaming):
    shapes = {"pooled": (height // 3, width // 3, 3), "result": (height // 3, width // 3, 4)}
    pooled = layer(shape=(height, width, 3), pool="max", pool_size=(3, 3), pool_stride=(3, 3), **shapes)
    placed = place(chain(pooled), TARGET)
    assert (placed[0].planar, sum(each.streaming for each in placed)) == (planar, streaming)
    if streaming:
        assert placed[0].processors in {0b111 << 16 * quadrant for quadrant in range(4)}
