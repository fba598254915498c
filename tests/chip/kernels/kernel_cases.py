"""Random networks of one operator: shapes, strides, paddings, extreme factors and ranges."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from microface.network import IntegerNetwork, Tensor
from microface.network.ops import (
    Add,
    AveragePool,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool,
    Mean,
    Operator,
    Pad,
    Prelu,
    Window,
)
from microface.network.requantise import HighMul, HighMulPrelu, NoRequantise

Draw = st.DrawFn
ZERO_POINTS = st.sampled_from([-128, -127, -1, 0, 3, 127])


@dataclass(frozen=True)
class Case:
    """A network with values for its inputs; the kernel under test begins with its first operator."""

    network: IntegerNetwork
    values: list[np.ndarray]

    @property
    def op(self) -> Operator:
        return self.network.operators[0]

    def meaning(self) -> np.ndarray:
        """Return what the operators' numpy meanings give one after the other, in the output's type."""
        values = dict(zip(self.network.inputs, self.values, strict=True))
        for op in self.network.operators:
            inputs = [values[name][None] for name in op.inputs]
            result = op.run(inputs, self.network.inputs_of(op))[0]
            values[op.output] = result.astype(self.network.tensors[op.output].numpy_dtype)
        return values[self.network.outputs[0]]


def rng_of(draw: Draw) -> np.random.Generator:
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


def bytes_of(draw: Draw, shape: tuple[int, ...]) -> np.ndarray:
    """Random bytes; or small ones, whose sums often lie between two outputs; or the two ends: the largest sums."""
    rng, kind = rng_of(draw), draw(st.sampled_from(["any", "small", "ends"]))
    if kind == "ends":
        return rng.choice(np.array([-128, 127], np.int8), shape)
    return rng.integers(*{"any": (-128, 128), "small": (-2, 3)}[kind], shape).astype(np.int8)


def weight_bits(draw: Draw) -> int:
    return draw(st.sampled_from([8, 4]))


def range_of(draw: Draw) -> tuple[int, int]:
    if draw(st.booleans()):
        return -128, 127
    lo = draw(st.integers(-128, 127))
    return lo, draw(st.integers(lo, 127))


def _factors(draw: Draw, bound: np.ndarray, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return left and multiplier that fill the output's range, or are extreme; left as large as `bound` allows.

    `largest` is the largest accumulator that occurs.
    """
    rng, count = rng_of(draw), len(bound)
    kind = draw(st.sampled_from(["usual", "ties", "left", "largest", "any"]))
    room = 30 - np.floor(np.log2(np.maximum(bound, 1))).astype(np.int64)
    left = rng.integers(0, np.clip(room, 0, 30) + 1) if kind in ("left", "any") else np.zeros(count, np.int64)
    scale = np.exp2(rng.uniform(5, 9, count)) / max(largest, 1)
    if kind == "ties":
        scale = np.full(count, np.exp2(np.floor(np.log2(128 / max(largest, 257)))))
    multiplier = np.clip(scale * np.exp2(32.0 - left), 1, 2**31 - 1)
    if kind == "largest":
        multiplier = np.full(count, 2**31 - 1)
    if kind == "any":
        multiplier = rng.integers(1, 2**31, count)
    return left.astype(np.int32), multiplier.astype(np.int32)


def rule_for(
    draw: Draw, bound: np.ndarray, largest: int, ends: tuple[int, int], prelu: bool | None = None
) -> HighMul | HighMulPrelu:
    """Return a rule that cuts at `ends`, with a PReLU where `prelu` says so (None: sometimes)."""
    left, multiplier = _factors(draw, bound, largest)
    rest = draw(ZERO_POINTS), *ends
    if not (draw(st.booleans()) if prelu is None else prelu):
        return HighMul(left, multiplier, *rest)
    slopes = rng_of(draw).choice(np.array([-1.5, -1, -0.3, 0, 0.25, 1, 1.3]), len(left))
    below = np.clip(multiplier * slopes, 1 - 2**31, 2**31 - 1).astype(np.int32)
    if draw(st.integers(0, 3)) == 2:
        below = rng_of(draw).choice(np.array([1 - 2**31, -1, 0, 1, 2**31 - 1], np.int32), len(left))
    return HighMulPrelu(left, multiplier, below, *rest)


def _network(op: Operator, inputs: list[Tensor], zero_point: int, dtype: str = "s8") -> IntegerNetwork:
    shape = op.shape(*(tensor.shape for tensor in inputs))
    output = Tensor("y", shape, dtype, inputs[0].scale, zero_point)
    tensors = {tensor.name: tensor for tensor in (*inputs, output)}
    return IntegerNetwork("case", tensors, (op,), tuple(tensor.name for tensor in inputs), ("y",))


def _weighted(draw: Draw, make: type, shape: tuple[int, int, int], weights: tuple[int, ...], **more: object) -> Case:
    """A convolution, depthwise convolution or dense layer with random weights, bias and requantisation."""
    source = Tensor("x", shape, "s8", 1.0, draw(ZERO_POINTS))
    outputs = weights[-1] if make is DepthwiseConv2D else weights[0]
    bias = rng_of(draw).integers(-500, 500, outputs).astype(np.int32)
    bits = weight_bits(draw)
    taps, x = bytes_of(draw, weights) >> (8 - bits), bytes_of(draw, shape)
    more["weight_bits"] = bits
    op = make("op", ("x",), "y", taps, bias, NoRequantise(), **more)
    if draw(st.integers(0, 9)) == 7:
        return Case(_network(op, [source], 0, "s32"), [x])
    largest = int(np.abs(op.run([x[None]], [source])).max())
    requantise = rule_for(draw, op.bound(source), largest, range_of(draw))
    op = make("op", ("x",), "y", taps, bias, requantise, **more)
    return Case(_network(op, [source], requantise.zero_point), [x])


@st.composite
def windows(draw: Draw, largest: int = 5, dilated: bool = True) -> tuple[Window, tuple[int, int]]:
    """A window and an input size that it fits."""
    size = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    if draw(st.booleans()):
        size = (3, 3)
    stride = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (2, 2), (1, 2), (3, 1)]))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 2), (1, 3)])) if dilated else (1, 1)
    # A window never lies in the padding alone: pools need a real pixel.
    padding = tuple(draw(st.integers(0, size[axis // 2] - 1)) for axis in range(4))
    window = Window(size, stride, padding, dilation)
    least = [max(1, (size[a] - 1) * dilation[a] + 1 - sum(padding[2 * a : 2 * a + 2])) for a in (0, 1)]
    return window, (least[0] + draw(st.integers(0, 9)), least[1] + draw(st.integers(0, 13)))


@st.composite
def convolutions(draw: Draw) -> Case:
    window, (rows, columns) = draw(windows())
    channels, outputs = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    more = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation}
    return _weighted(draw, Conv2D, (rows, columns, channels), (outputs, *window.size, channels), **more)


@st.composite
def depthwise(draw: Draw) -> Case:
    window, (rows, columns) = draw(windows(7))
    channels = draw(st.integers(1, 9) | st.integers(16, 35))
    more = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation}
    return _weighted(draw, DepthwiseConv2D, (rows, columns, channels), (*window.size, channels), **more)


@st.composite
def depthwise3x3(draw: Draw) -> Case:
    """The usual window of MobileNets, stride 1 or 2, rows that end with a step of four outputs or do not."""
    stride = draw(st.sampled_from([1, 2]))
    shape = draw(st.integers(3, 12)), draw(st.integers(3, 19)), draw(st.integers(1, 6) | st.integers(16, 35))
    padding = tuple(draw(st.integers(0, 2)) for _ in range(4))
    return _weighted(draw, DepthwiseConv2D, shape, (3, 3, shape[2]), stride=(stride, stride), padding=padding)


@st.composite
def global_depthwise(draw: Draw) -> Case:
    """The kernel covers the whole map."""
    rows, columns, channels = draw(st.integers(1, 8)), draw(st.integers(1, 8)), draw(st.integers(1, 17))
    return _weighted(draw, DepthwiseConv2D, (rows, columns, channels), (rows, columns, channels))


@st.composite
def pointwise(draw: Draw) -> Case:
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    channels, outputs = draw(st.integers(1, 70)), draw(st.integers(1, 12) | st.integers(13, 40))
    return _weighted(draw, Conv2D, (rows, columns, channels), (outputs, 1, 1, channels))


@st.composite
def dense(draw: Draw) -> Case:
    shape = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 50))
    return _weighted(draw, Dense, shape, (draw(st.integers(1, 13)), shape[0] * shape[1] * shape[2]))


@st.composite
def adds(draw: Draw) -> Case:
    shape = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 9))  # up to 225 values
    scales = [2.0 ** draw(st.floats(-6, 6)) for _ in range(2)]
    a, b = (Tensor(name, shape, "s8", scale, draw(ZERO_POINTS)) for name, scale in zip("ab", scales, strict=True))
    output = Tensor("y", shape, "s8", 2.0 ** draw(st.floats(-3, 3)), draw(ZERO_POINTS))
    op = Add.between("op", a, b, output, *range_of(draw))
    network = IntegerNetwork("case", {t.name: t for t in (a, b, output)}, (op,), ("a", "b"), ("y",))
    return Case(network, [bytes_of(draw, shape), bytes_of(draw, shape)])


@st.composite
def concats(draw: Draw) -> Case:
    rows, columns, unit = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.sampled_from([1, 4]))
    shapes = [(rows, columns, unit * draw(st.integers(1, 11))) for _ in range(2)]
    sources = [Tensor(name, shape, "s8", 0.5, 3) for name, shape in zip("ab", shapes, strict=True)]
    return Case(_network(Concat("op", ("a", "b"), "y"), sources, 3), [bytes_of(draw, shape) for shape in shapes])


@st.composite
def pools(draw: Draw) -> Case:
    window, (rows, columns) = draw(windows(4, dilated=False))
    shape = rows, columns, draw(st.integers(1, 9))
    source = Tensor("x", shape, "s8", 1.0, draw(ZERO_POINTS))
    if draw(st.booleans()):
        op: Operator = MaxPool("op", ("x",), "y", window.size, window.stride, window.padding)
        return Case(_network(op, [source], source.zero_point), [bytes_of(draw, shape)])
    output = Tensor("y", (1, 1, 1), "s8", 2.0 ** draw(st.floats(-9, 3)), draw(ZERO_POINTS))
    op = AveragePool.between("op", source, output, window)
    return Case(_network(op, [source], output.zero_point), [bytes_of(draw, shape)])


@st.composite
def means(draw: Draw) -> Case:
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 21))
    source = Tensor("x", shape, "s8", 1.0, draw(ZERO_POINTS))
    output = Tensor("y", (1, 1, shape[2]), "s8", 2.0 ** draw(st.floats(-9, 3)), draw(ZERO_POINTS))
    return Case(_network(Mean.between("op", source, output), [source], output.zero_point), [bytes_of(draw, shape)])


@st.composite
def pads(draw: Draw) -> Case:
    shape = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 9))
    source = Tensor("x", shape, "s8", 1.0, draw(ZERO_POINTS))
    op = Pad("op", ("x",), "y", tuple(draw(st.integers(0, 3)) for _ in range(4)))
    return Case(_network(op, [source], source.zero_point), [bytes_of(draw, shape)])


@st.composite
def prelus(draw: Draw) -> Case:
    shape = draw(st.integers(1, 5)), draw(st.integers(1, 9)), draw(st.integers(1, 24))
    source = Tensor("x", shape, "s8", 1.0, draw(ZERO_POINTS))
    slopes = rng_of(draw).integers(-(2**15), 2**15, shape[2]).astype(np.int16)
    if draw(st.booleans()):
        slopes = rng_of(draw).choice(np.array([-(2**15), -1, 0, 1, 2**15 - 1], np.int16), shape[2])
    return Case(_network(Prelu("op", ("x",), "y", slopes), [source], source.zero_point), [bytes_of(draw, shape)])
