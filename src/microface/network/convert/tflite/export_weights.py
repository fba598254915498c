"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED."""

import math
from typing import cast

import numpy as np

from microface.network.convert.factors import factors_of
from microface.network.convert.tflite.build import Scalar, Value
from microface.network.convert.tflite.export import Export, exports, whole
from microface.network.ops import Conv2D, Dense, DepthwiseConv2D, Operator, WeightedOperator, Window
from microface.network.requantise import DoubleRounding, RealRounding, Requantise, SingleRounding
from microface.network.tensors import Tensor


def weight_scales(op: WeightedOperator, source: Tensor, target: Tensor) -> np.ndarray:
    """Return float32 [O] with input scale * weight scale / output scale as near to the factors of `op` as float32 gets.

    Where the factors come from a TFLite file, the neighbour that gives the very same rule is taken.
    """
    before, after = float(np.float32(source.scale)), float(np.float32(target.scale))
    factors = factors_of(op, "TFLite")
    nearest = (factors * (after / before)).astype(np.float32)
    result = nearest.copy()
    for neighbour in (np.nextafter(nearest, np.float32(0)), np.nextafter(nearest, np.float32(np.inf)), nearest):
        fits = _same_rule(op.requantise, before * neighbour.astype(np.float64) / after)
        result = np.where(fits, neighbour, result)
    return result


def _same_rule(rule: Requantise, factors: np.ndarray) -> np.ndarray:
    """Return bool [O]: whether a file's `factors` float64 [O] are read as `rule`."""
    if isinstance(rule, DoubleRounding):
        read = type(rule).from_scales(factors, rule.zero_point)
        return np.asarray((read.multiplier == rule.multiplier) & (read.shift == rule.shift))
    return rule.scales == factors if isinstance(rule, RealRounding) else np.ones(len(factors), bool)


def _constants(export: Export, op: WeightedOperator, data: np.ndarray, axis: int) -> tuple[int, int]:
    """Add weights and bias; return their numbers."""
    source, target = export.ends(op)
    scales = weight_scales(op, source, target)
    weights = export.constant(f"{op.name}_weights", data, f"int{op.weight_bits}", scales, axis)
    products = scales.astype(np.float64) * source.scale
    wide = source.dtype == "s16"
    bias = op.bias.astype(np.int64 if wide else np.int32)
    return weights, export.constant(f"{op.name}_bias", bias, "int64" if wide else "int32", products)


def _activation(export: Export, op: WeightedOperator) -> Scalar:
    target, rule = export.network.tensors[op.output], op.requantise
    return export.activation(op, getattr(rule, "lo", target.lowest), getattr(rule, "hi", target.highest))


def _rounds_once(rule: Requantise) -> bool:
    """Say whether `rule` is one of FULLY_CONNECTED."""
    return isinstance(rule, SingleRounding | RealRounding)


@exports("conv2d")
def convolution(export: Export, op: Operator) -> None:
    """CONV_2D; one that rounds as FULLY_CONNECTED does, over each pixel's channels, is that."""
    conv = cast(Conv2D, op)
    if conv.window == Window((1, 1)) and _rounds_once(conv.requantise):
        constants = _constants(export, conv, conv.weights[:, 0, 0], 0)
        export.emit_as("FULLY_CONNECTED", op, constants, {0: _activation(export, conv), 2: Scalar("B", 1)})
        return
    source, padding = export.padded(op, conv.padding, conv.window.size, conv.stride, conv.dilation)
    constants = _constants(export, conv, conv.weights, 0)
    options: dict[int, Value] = {0: padding, 1: whole(conv.stride[1]), 2: whole(conv.stride[0])}
    options |= {3: _activation(export, conv), 4: whole(conv.dilation[1]), 5: whole(conv.dilation[0])}
    export.emit("CONV_2D", (source, *constants), export.number(op.output), options)


@exports("depthwise_conv2d")
def depthwise(export: Export, op: Operator) -> None:
    """DEPTHWISE_CONV_2D with multiplier 1."""
    conv = cast(DepthwiseConv2D, op)
    source, padding = export.padded(op, conv.padding, conv.window.size, conv.stride, conv.dilation)
    constants = _constants(export, conv, conv.weights[None], 3)
    options: dict[int, Value] = {0: padding, 1: whole(conv.stride[1]), 2: whole(conv.stride[0]), 3: whole(1)}
    options |= {4: _activation(export, conv), 5: whole(conv.dilation[1]), 6: whole(conv.dilation[0])}
    export.emit("DEPTHWISE_CONV_2D", (source, *constants), export.number(op.output), options)


@exports("dense")
def dense(export: Export, op: Operator) -> None:
    """FULLY_CONNECTED, whose output keeps the rank of ours; an image is reshaped to a vector before."""
    layer = cast(Dense, op)
    constants = _constants(export, layer, layer.weights, 0)
    source, _ = export.ends(op)
    number = export.number(source.name)
    if source.shape[:2] != (1, 1):
        number = export.computed(f"{op.name}_flat", (1, 1, math.prod(source.shape)), source)
        export.reshape(export.number(source.name), number)
    options: dict[int, Value] = {0: _activation(export, layer), 2: Scalar("B", 1)}
    export.emit("FULLY_CONNECTED", (number, *constants), export.number(op.output), options)
