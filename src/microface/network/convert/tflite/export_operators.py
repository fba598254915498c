"""How each kind of operator is written to TFLite."""

from typing import cast

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.build import Scalar, Value, Vector
from microface.network.convert.tflite.export import NONE, Export, exports
from microface.network.ops import (
    Add,
    AveragePool,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool,
    Mean,
    Operator,
    Pad,
    WeightedOperator,
)
from microface.network.ops.tflite import Fill, Join, TfliteAdd, TfliteAveragePool, TfliteMean, TfliteMul
from microface.network.requantise import DoubleRounding, HighMul
from microface.network.requantise.tflite import split_scale
from microface.network.tensors import Tensor


def load() -> None:
    """Do nothing: importing this module registers the exporters."""


def scales_of(rule: HighMul | DoubleRounding) -> np.ndarray:
    """Return float64 [O]: what each channel's sum is multiplied by."""
    if isinstance(rule, HighMul):
        return rule.multiplier * np.exp2(rule.left.astype(np.float64) - 32)
    return rule.multiplier * np.exp2(rule.shift.astype(np.float64) - 31)


def weight_scales(rule: HighMul | DoubleRounding, source: Tensor, target: Tensor) -> np.ndarray:
    """Return float32 [O] with input scale * weight scale / output scale as near to the rule's factors as float32 gets.

    Where the factors come from a TFLite file, the neighbour that gives the very same multiplier is taken.
    """
    ratio = float(np.float32(source.scale)) / float(np.float32(target.scale))
    factors = scales_of(rule)
    nearest = (factors / ratio).astype(np.float32)
    return np.array([_exact(float(f), n, source, target) for f, n in zip(factors, nearest, strict=True)], np.float32)


def _exact(factor: float, nearest: np.float32, source: Tensor, target: Tensor) -> np.float32:
    before, after = float(np.float32(source.scale)), float(np.float32(target.scale))
    up, down = np.nextafter(nearest, np.float32(np.inf)), np.nextafter(nearest, np.float32(0))
    for candidate in (nearest, up, down):
        if split_scale(before * float(candidate) / after) == split_scale(factor):
            return np.float32(candidate)
    return nearest


def _rule(op: WeightedOperator) -> HighMul | DoubleRounding:
    if not isinstance(op.requantise, HighMul | DoubleRounding):
        raise UserError(f"operator {op.name}", "does not give bytes by a scale", "TFLite has no form for it")
    return op.requantise


def _weights(export: Export, op: WeightedOperator, data: np.ndarray, axis: int) -> tuple[int, int]:
    """Add weights and bias; return their numbers."""
    source, target = export.network.tensors[op.inputs[0]], export.network.tensors[op.output]
    scales = weight_scales(_rule(op), source, target)
    weights = export.constant(f"{op.name}_weights", data, f"int{op.weight_bits}", scales, axis)
    products = scales.astype(np.float64) * source.scale
    wide = source.dtype == "s16"
    bias = op.bias.astype(np.int64 if wide else np.int32)
    return weights, export.constant(f"{op.name}_bias", bias, "int64" if wide else "int32", products)


@exports("conv2d")
def convolution(export: Export, op: Operator) -> None:
    """CONV_2D."""
    conv = cast(Conv2D, op)
    source, padding = export.padded(op, conv.padding, conv.window.size, conv.stride, conv.dilation)
    weights, bias = _weights(export, conv, conv.weights, 0)
    rule = _rule(conv)
    options: dict[int, Value] = {0: padding, 1: _int(conv.stride[1]), 2: _int(conv.stride[0])}
    options |= {3: export.activation(op, rule.lo, rule.hi), 4: _int(conv.dilation[1]), 5: _int(conv.dilation[0])}
    export.emit("CONV_2D", (source, weights, bias), export.number(op.output), options)


@exports("depthwise_conv2d")
def depthwise(export: Export, op: Operator) -> None:
    """DEPTHWISE_CONV_2D."""
    conv = cast(DepthwiseConv2D, op)
    source, padding = export.padded(op, conv.padding, conv.window.size, conv.stride, conv.dilation)
    weights, bias = _weights(export, conv, conv.weights[None], 3)
    rule = _rule(conv)
    options: dict[int, Value] = {0: padding, 1: _int(conv.stride[1]), 2: _int(conv.stride[0]), 3: _int(1)}
    options |= {4: export.activation(op, rule.lo, rule.hi), 5: _int(conv.dilation[1]), 6: _int(conv.dilation[0])}
    export.emit("DEPTHWISE_CONV_2D", (source, weights, bias), export.number(op.output), options)


@exports("dense")
def dense(export: Export, op: Operator) -> None:
    """FULLY_CONNECTED, whose output keeps the rank of ours."""
    layer = cast(Dense, op)
    weights, bias = _weights(export, layer, layer.weights, 0)
    source, rule = export.network.tensors[op.inputs[0]], _rule(layer)
    number = export.number(source.name)
    if source.shape[:2] != (1, 1):
        number = export.computed(f"{op.name}_flat", (1, 1, source.elements), source)
        _reshape(export, export.number(source.name), number)
    options: dict[int, Value] = {0: export.activation(op, rule.lo, rule.hi), 2: Scalar("B", 1)}
    export.emit("FULLY_CONNECTED", (number, weights, bias), export.number(op.output), options)


@exports("add", "tflite_add")
def add(export: Export, op: Operator) -> None:
    """ADD or SUB of two computed tensors."""
    sum_ = cast(Add | TfliteAdd, op)
    if getattr(sum_, "constant", None) is not None:
        raise UserError(f"operator {op.name}", "adds a constant", "TFLite export has no form for it yet")
    options: dict[int, Value] = {0: export.activation(op, sum_.lo, sum_.hi), 1: Scalar("B", 0)}
    name = "SUB" if getattr(sum_, "negate", False) else "ADD"
    export.emit(name, tuple(export.number(each) for each in op.inputs), export.number(op.output), options)


@exports("mean", "tflite_mean")
def mean(export: Export, op: Operator) -> None:
    """MEAN that keeps its dimensions."""
    axes = (0, 1) if isinstance(op, Mean) else cast(TfliteMean, op).axes
    named = export.constant(f"{op.name}_axes", np.array([axis + 1 for axis in axes], np.int32), "int32")
    export.emit("MEAN", (export.number(op.inputs[0]), named), export.number(op.output), {0: Scalar("B", 1)})


@exports("max_pool", "average_pool", "tflite_average_pool")
def pool(export: Export, op: Operator) -> None:
    """A pool; an average that changes the scale is followed by QUANTIZE."""
    window = cast(MaxPool | AveragePool | TfliteAveragePool, op)
    source, target = export.network.tensors[op.inputs[0]], export.network.tensors[op.output]
    given, padding = _pool_padding(export, op, window)
    options: dict[int, Value] = {0: padding, 1: _int(window.stride[1]), 2: _int(window.stride[0])}
    options |= {3: _int(window.size[1]), 4: _int(window.size[0]), 5: Scalar("b", NONE)}
    if isinstance(op, TfliteAveragePool):
        options[5] = export.activation(op, op.lo, op.hi)
    name = "MAX_POOL_2D" if isinstance(op, MaxPool) else "AVERAGE_POOL_2D"
    if (source.scale, source.zero_point) == (target.scale, target.zero_point):
        export.emit(name, (given,), export.number(op.output), options)
        return
    pooled = export.computed(f"{op.name}_pooled", target.shape, source)
    export.emit(name, (given,), pooled, options)
    export.emit("QUANTIZE", (pooled,), export.number(op.output))


def _pool_padding(
    export: Export, op: Operator, window: MaxPool | AveragePool | TfliteAveragePool
) -> tuple[int, Scalar]:
    number, padding = export.padded(op, window.padding, window.size, window.stride, (1, 1))
    if number != export.number(op.inputs[0]):
        raise UserError(f"operator {op.name}", f"pads a pool by {window.padding}", "TFLite pools pad SAME or VALID")
    return number, padding


@exports("flatten", "reshape")
def reshape(export: Export, op: Operator) -> None:
    """RESHAPE."""
    _reshape(export, export.number(op.inputs[0]), export.number(op.output))


def _reshape(export: Export, source: int, target: int) -> None:
    shape = np.array(export.tensors[target].shape, np.int32)
    wanted = export.constant(f"{export.tensors[target].name}_shape", shape, "int32")
    export.emit("RESHAPE", (source, wanted), target, {0: Vector(shape)})


@exports("pad")
def pad(export: Export, op: Operator) -> None:
    """PAD of rows and columns."""
    top, bottom, left, right = cast(Pad, op).padding
    sides = np.array([(0, 0), (top, bottom), (left, right), (0, 0)], np.int32)
    named = export.constant(f"{op.name}_sides", sides, "int32")
    export.emit("PAD", (export.number(op.inputs[0]), named), export.number(op.output))


@exports("fill")
def fill(export: Export, op: Operator) -> None:
    """PADV2 along any axis."""
    wide = cast(Fill, op)
    sides = np.array([(0, 0), *zip(wide.before, wide.after, strict=True)], np.int32)
    source = export.network.tensors[op.inputs[0]]
    named = export.constant(f"{op.name}_sides", sides, "int32")
    value = export.value(f"{op.name}_value", wide.value, source)
    export.emit("PADV2", (export.number(source.name), named, value), export.number(op.output))


@exports("rescale")
def rescale(export: Export, op: Operator) -> None:
    """QUANTIZE between integers."""
    export.emit("QUANTIZE", (export.number(op.inputs[0]),), export.number(op.output))


@exports("tflite_mul")
def multiply(export: Export, op: Operator) -> None:
    """MUL of two computed tensors."""
    product = cast(TfliteMul, op)
    if product.constant is not None:
        raise UserError(f"operator {op.name}", "multiplies by a constant", "TFLite export has no form for it yet")
    options: dict[int, Value] = {0: export.activation(op, product.lo, product.hi)}
    export.emit("MUL", tuple(export.number(each) for each in op.inputs), export.number(op.output), options)


@exports("concat", "join")
def join(export: Export, op: Operator) -> None:
    """CONCATENATION."""
    axis = op.axis + 1 if isinstance(op, Join) else 3
    options: dict[int, Value] = {0: _int(axis), 1: Scalar("b", NONE)}
    export.emit("CONCATENATION", tuple(export.number(each) for each in op.inputs), export.number(op.output), options)


def _int(value: int) -> Scalar:
    return Scalar("i", value)
