"""Networks drawn at random: shapes, windows, paddings, channels and joins that no shipped network has."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from microface.network import IntegerNetwork, Tensor
from microface.network.anchor import RandomBuilder
from microface.network.ops import (
    AveragePool,
    Concat,
    Conv2D,
    DepthwiseConv2D,
    Flatten,
    MaxPool,
    Operator,
    Pad,
    WeightedOperator,
    Window,
)
from microface.network.requantise import HighMul, NoRequantise
from microface.network.tensors import Shape


def random_network(seed: int, input_shape: Shape | None = None, length: int = 5) -> IntegerNetwork:
    """Return a network of about `length` operators drawn from `seed`; its output is one vector."""
    draw = np.random.default_rng(seed)
    shape = input_shape or (int(draw.integers(3, 15)), int(draw.integers(3, 15)), int(draw.integers(1, 8)))
    builder = RandomBuilder(shape, seed)
    x = "input"
    for index in range(length):
        steps: list[Callable[..., str]] = [_conv, _depthwise, _pool, _join, _twins, _pad, _same_conv]
        x = steps[int(draw.integers(len(steps)))](builder, draw, f"l{index}", x)
    _end(builder, draw, x)
    network = builder.build(f"random_{seed}")
    operators = tuple(four_bits(op) if draw.integers(3) == 0 else op for op in network.operators)
    return replace(network, operators=operators)


def four_bits(op: Operator) -> Operator:
    """Return `op` with its weights, if it has any, cut to 4 bits."""
    return replace(op, weights=op.weights >> 4, weight_bits=4) if isinstance(op, WeightedOperator) else op


def _conv(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    source, outputs = builder.tensors[x], int(draw.integers(1, 20))
    window = _window(draw, source.shape, dilation=True)
    weights = draw.integers(-128, 128, (outputs, *window.size, source.shape[2])).astype(np.int8)
    bias = draw.integers(-(2**12), 2**12, outputs).astype(np.int32)
    geometry = window.stride, window.padding, window.dilation
    return _weighted(builder, draw, Conv2D(name, (x,), name, weights, bias, NoRequantise(), *geometry))


def _depthwise(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    source = builder.tensors[x]
    window = _window(draw, source.shape, dilation=True)
    weights = draw.integers(-128, 128, (*window.size, source.shape[2])).astype(np.int8)
    bias = draw.integers(-(2**12), 2**12, source.shape[2]).astype(np.int32)
    geometry = window.stride, window.padding, window.dilation
    return _weighted(builder, draw, DepthwiseConv2D(name, (x,), name, weights, bias, NoRequantise(), *geometry))


def _weighted(builder: RandomBuilder, draw: np.random.Generator, op: Conv2D | DepthwiseConv2D) -> str:
    """Give `op` a rule that fills the range, saturates now and then, and shifts left where scales are large."""
    source = builder.tensors[op.inputs[0]]
    spread = np.maximum(op.bound(source), 1) / draw.uniform(20, 3000)
    zero_point, lo = int(draw.integers(-128, 128)), int(draw.integers(-128, 0))
    rule = HighMul.from_scales(draw.uniform(0.2, 3, len(spread)) / np.maximum(spread, 1), zero_point, lo, 127)
    output = Tensor(op.output, op.shape(source.shape), "s8", 0.05, zero_point)
    return builder.append(replace(op, requantise=rule), output)


def _same_conv(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    return builder.conv(name, x, int(draw.integers(1, 33)), int(draw.choice([1, 3])), int(draw.choice([1, 2])))


def _pool(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    source = builder.tensors[x]
    window = _window(draw, source.shape, dilation=False)
    if window.real_pixels(source.shape).min() == 0:
        window = Window((1, 1))
    shape = (*window.output(name, source.shape), source.shape[2])
    if draw.integers(2):
        output = Tensor(name, shape, "s8", source.scale, source.zero_point)
        return builder.append(MaxPool(name, (x,), name, window.size, window.stride, window.padding), output)
    output = Tensor(name, shape, "s8", 0.03, int(draw.integers(-30, 30)))
    return builder.append(AveragePool.between(name, source, output, window), output)


def _pad(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    source = builder.tensors[x]
    top, bottom, left, right = (int(n) for n in draw.integers(0, 3, 4))
    height, width, channels = source.shape
    shape = (height + top + bottom, width + left + right, channels)
    return builder.append(
        Pad(name, (x,), name, (top, bottom, left, right)), Tensor(name, shape, "s8", source.scale, source.zero_point)
    )


def _join(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    channels = builder.tensors[x].shape[2]
    branch = builder.depthwise(f"{name}_branch", x) if draw.integers(2) else builder.conv(f"{name}_branch", x, channels)
    return builder.add(name, *((x, branch) if draw.integers(2) else (branch, x)))


def _twins(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    """Two convolutions of one input, side by side."""
    channels = [int(n) * int(draw.choice([1, 4])) for n in draw.integers(1, 9, 2)]
    a, b = (
        builder.conv(f"{name}_{side}", x, n, int(draw.choice([1, 3]))) for side, n in zip("ab", channels, strict=True)
    )
    source = builder.tensors[a]
    output = Tensor(name, (*source.shape[:2], sum(channels)), "s8", source.scale, source.zero_point)
    return builder.append(Concat(name, (a, b), name), output)


def _end(builder: RandomBuilder, draw: np.random.Generator, x: str) -> str:
    if draw.integers(2):
        return builder.dense("end", builder.mean("mean", x), int(draw.integers(1, 30)))
    source = builder.tensors[x]
    flat = Tensor("flat", (1, 1, source.elements), "s8", source.scale, source.zero_point)
    return builder.dense("end", builder.append(Flatten("flat", (x,), "flat"), flat), int(draw.integers(1, 30)))


def _window(draw: np.random.Generator, shape: Shape, dilation: bool) -> Window:
    """Return a window that fits `shape` with its padding."""
    while True:
        size = tuple(int(n) for n in draw.integers(1, 6, 2))
        stride = tuple(int(n) for n in draw.integers(1, 4, 2))
        padding = tuple(int(n) for n in draw.integers(0, 3, 4))
        steps = tuple(int(n) for n in draw.integers(1, 3, 2)) if dilation else (1, 1)
        extent = [(k - 1) * d + 1 for k, d in zip(size, steps, strict=True)]
        if extent[0] <= shape[0] + sum(padding[:2]) and extent[1] <= shape[1] + sum(padding[2:]):
            return Window(size, stride, padding, steps)  # type: ignore[arg-type]


def random_ports(seed: int) -> IntegerNetwork:
    """Return a network of 1 to 3 inputs and 1 to 3 outputs: inner tensors, views and inputs may be outputs, too."""
    draw = np.random.default_rng([seed, 3])
    shape = int(draw.integers(3, 10)), int(draw.integers(3, 10)), int(draw.integers(1, 8))
    builder = RandomBuilder(shape, seed)
    inputs = ["input", *(_another_input(builder, draw, f"in/{n}") for n in range(draw.integers(0, 3)))]
    found = list(inputs)
    for index in range(int(draw.integers(2, 6))):
        steps: list[Callable[..., str]] = [_conv, _depthwise, _pool, _join, _meet, _pad, _view]
        source = found[int(draw.integers(len(found)))] if draw.integers(2) else found[-1]
        found.append(steps[int(draw.integers(len(steps)))](builder, draw, f"l{index}", source))
    picked = draw.choice(len(found) - 1, min(int(draw.integers(0, 3)), len(found) - 1), replace=False)
    outputs = (found[-1], *(found[int(place)] for place in picked))
    return IntegerNetwork(f"ports_{seed}", builder.tensors, tuple(builder.operators), tuple(inputs), outputs)


def _another_input(builder: RandomBuilder, draw: np.random.Generator, name: str) -> str:
    first = builder.tensors["input"]
    shape = first.shape if draw.integers(2) else (int(draw.integers(3, 7)), int(draw.integers(3, 7)), 2)
    builder.tensors[name] = Tensor(name, shape, "s8", float(draw.uniform(0.005, 0.05)), int(draw.integers(-20, 21)))
    builder.values[name] = draw.integers(-128, 128, (1, *shape)).astype(np.int8)
    return name


def _meet(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    """Add another tensor of the same shape, or the same once more."""
    alike = [other for other, tensor in builder.tensors.items() if tensor.shape == builder.tensors[x].shape]
    return builder.add(name, x, alike[int(draw.integers(len(alike)))])


def _view(builder: RandomBuilder, draw: np.random.Generator, name: str, x: str) -> str:
    source = builder.tensors[x]
    flat = Tensor(name, (1, 1, source.elements), "s8", source.scale, source.zero_point)
    return builder.append(Flatten(name, (x,), name), flat)
