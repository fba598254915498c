"""MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ReduceMean."""

from collections.abc import Callable
from functools import partial

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.unary import cut_after
from microface.network.convert.onnx.values import Affine, Pending, Target, Value
from microface.network.convert.onnx.windows import kernel_of, window_of
from microface.network.ops import AveragePool, MaxPool, Mean, Pad
from microface.network.ops.tflite import TfliteMean
from microface.network.ops.tflite.mean import mean_factor
from microface.network.ops.window import Window
from microface.network.tensors import Tensor

_AXES = {3: {1: 2, 2: 0, 3: 1}, 1: {1: 2}}
"""By number of sizes: an axis of the file as ours (0 rows, 1 columns, 2 channels)."""


@converts("MaxPool", "GlobalMaxPool")
def largest(conversion: Conversion, node: OnnxNode) -> Known:
    """The integers' order is that of the real values: scale and zero point stay."""
    source = conversion.image(conversion.value(node), node.where)
    whole = (source.shape[0], source.shape[1])
    window = Window(whole) if node.kind == "GlobalMaxPool" else window_of(node, source.shape, kernel_of(node))
    if window.dilation != (1, 1):
        raise UserError(node.where, "has a dilation", "use a pool without")
    rows, columns = window.output(node.where, source.shape)
    affine = Affine(source.scale, source.zero_point)
    output = conversion.declare(node.output, (rows, columns, source.shape[2]), affine)
    fields = (window.size, window.stride, window.padding)
    conversion.emit(MaxPool(output.name, (source.name,), output.name, *fields))
    return Value(output.name, (source.shape[2], rows, columns))


@converts("AveragePool")
def average(conversion: Conversion, node: OnnxNode) -> Known:
    """Between DequantizeLinear and QuantizeLinear."""
    return _average(conversion, node, conversion.value(node))


@converts("QLinearAveragePool")
def qlinear_average(conversion: Conversion, node: OnnxNode) -> Known:
    """X, its scale and zero point, those of Y."""
    return _integer_form(conversion, node, _average)


@converts("GlobalAveragePool")
def mean(conversion: Conversion, node: OnnxNode) -> Known:
    """The mean over rows and columns."""
    return _mean(conversion, node, conversion.value(node))


@converts("QLinearGlobalAveragePool")
def qlinear_mean(conversion: Conversion, node: OnnxNode) -> Known:
    """X, its scale and zero point, those of Y."""
    return _integer_form(conversion, node, _mean)


@converts("ReduceMean")
def reduce_mean(conversion: Conversion, node: OnnxNode) -> Known:
    """Over rows and columns, or any axes but the batch."""
    axes = conversion.array(node, 1).reshape(-1) if node.input(1) else node.integers("axes", ())
    return _reduced(conversion, node, conversion.value(node), tuple(int(axis) for axis in axes))


@converts("QLinearReduceMean")
def qlinear_reduce_mean(conversion: Conversion, node: OnnxNode) -> Known:
    """X, its scale and zero point, those of Y."""
    return _integer_form(conversion, node, partial(_reduced, axes=node.integers("axes", ())))


def _reduced(conversion: Conversion, node: OnnxNode, value: Value, axes: tuple[int, ...]) -> Pending:
    """Return the mean over `axes` of the file."""
    rank, keep = len(value.dims) + 1, bool(node.integer("keepdims", 1))
    gone = {axis % rank for axis in axes}
    if gone == {2, 3} and rank == 4:
        return _mean(conversion, node, value, keep)
    if not gone or 0 in gone or rank not in (2, 4):
        raise UserError(node.where, f"averages over the axes {list(axes)}", "leave the batch in front")
    return _mean_over(conversion, node, value, gone, keep)


def _mean_over(conversion: Conversion, node: OnnxNode, value: Value, gone: set[int], keep: bool) -> Pending:
    source = conversion.image(value, node.where) if len(value.dims) == 3 else conversion.flat(value)
    axes = tuple(sorted(_AXES[len(value.dims)][axis] for axis in gone))
    kept = tuple(1 if axis + 1 in gone else size for axis, size in enumerate(value.dims))
    short = tuple(size for axis, size in enumerate(value.dims) if axis + 1 not in gone)

    def finish(target: Target) -> Value:
        rows, columns, channels = (1 if axis in axes else size for axis, size in enumerate(source.shape))
        output = conversion.declare(target.name, (rows, columns, channels), target.affine)
        count = int(np.prod([source.shape[axis] for axis in axes]))
        factor = mean_factor(source.scale / target.affine.scale, count)
        names = (output.name, (source.name,), output.name)
        conversion.emit(TfliteMean(*names, axes, factor, output.zero_point, -128, 127))
        return Value(output.name, kept if keep else short or (1,))

    return cut_after(conversion, finish)


def _integer_form(
    conversion: Conversion, node: OnnxNode, make: Callable[[Conversion, OnnxNode, Value], Pending]
) -> Value:
    if node.integer("channels_last", 0):
        raise UserError(node.where, "has its channels last", "export it with channels first")
    given = conversion.viewed(conversion.value(node), conversion.quantisation(node, 1).single(node.where))
    pending = make(conversion, node, given)
    return pending.quantised(node.output, conversion.quantisation(node, 3).single(node.where))


def _average(conversion: Conversion, node: OnnxNode, value: Value) -> Pending:
    source = conversion.image(value, node.where)
    window = window_of(node, source.shape, kernel_of(node))
    if window.dilation != (1, 1):
        raise UserError(node.where, "has a dilation", "use a pool without")
    rows, columns = window.output(node.where, source.shape)

    def finish(target: Target) -> Value:
        given, still = _padded(conversion, node, source, window)
        output = conversion.declare(target.name, (rows, columns, source.shape[2]), target.affine)
        conversion.emit(AveragePool.between(output.name, given, output, still))
        return Value(output.name, (source.shape[2], rows, columns))

    return cut_after(conversion, finish)


def _padded(conversion: Conversion, node: OnnxNode, source: Tensor, window: Window) -> tuple[Tensor, Window]:
    """Return input and window; where padding counts as pixels of value 0, a PAD makes them real."""
    if not node.integer("count_include_pad", 0) or not any(window.padding):
        return source, window
    top, bottom, left, right = window.padding
    shape = (source.shape[0] + top + bottom, source.shape[1] + left + right, source.shape[2])
    wide = conversion.declare(f"{source.name}_padded", shape, Affine(source.scale, source.zero_point))
    conversion.emit(Pad(wide.name, (source.name,), wide.name, window.padding))
    return wide, Window(window.size, window.stride)


def _mean(conversion: Conversion, node: OnnxNode, value: Value, keep: bool = True) -> Pending:
    source = conversion.image(value, node.where)
    channels = source.shape[2]

    def finish(target: Target) -> Value:
        output = conversion.declare(target.name, (1, 1, channels), target.affine)
        conversion.emit(Mean.between(output.name, source, output))
        return Value(output.name, (channels, 1, 1) if keep else (channels,))

    return cut_after(conversion, finish)
