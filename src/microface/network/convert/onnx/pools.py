"""MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ReduceMean."""

from collections.abc import Callable

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.values import Affine, Pending, Target, Value
from microface.network.convert.onnx.windows import kernel_of, window_of
from microface.network.ops import AveragePool, MaxPool, Mean, Pad
from microface.network.ops.window import Window
from microface.network.tensors import Tensor


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
    """Over rows and columns only."""
    axes = conversion.array(node, 1).reshape(-1) if node.input(1) else node.integers("axes", ())
    if {int(axis) % 4 for axis in axes} != {2, 3}:
        raise UserError(
            node.where, f"averages over the axes {[int(axis) for axis in axes]}", "average rows and columns"
        )
    keep = bool(node.integer("keepdims", 1))
    return _mean(conversion, node, conversion.value(node), keep)


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
        _uncut(node, target)
        conversion.emit(AveragePool.between(output.name, given, output, still))
        return Value(output.name, (source.shape[2], rows, columns))

    return Pending(finish)


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
        _uncut(node, target)
        conversion.emit(Mean.between(output.name, source, output))
        return Value(output.name, (channels, 1, 1) if keep else (channels,))

    return Pending(finish)


def _uncut(node: OnnxNode, target: Target) -> None:
    """Refuse a relu behind an average that would change it."""
    if (target.lo, target.hi) != (-128, 127):
        raise UserError(node.where, f"is cut to {target.lo}..{target.hi}", "quantise it before the relu or clip")
