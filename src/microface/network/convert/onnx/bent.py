"""PRelu, BatchNormalization that stands alone, and Softmax."""

import math
from collections.abc import Callable

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.unary import cut_after
from microface.network.convert.onnx.values import Constant, Dims, Pending, Target, Value
from microface.network.ops import DepthwiseConv2D
from microface.network.ops.tflite import TflitePrelu, TfliteSoftmax
from microface.network.requantise import HighMul
from microface.network.requantise.tflite import split_scale

_FINEST = 32767
_LARGEST_SHIFT = 1 << 15
_TINY = 1e-9


@converts("PRelu")
def prelu(conversion: Conversion, node: OnnxNode) -> Known:
    """Slopes are constants, quantised or real; real ones get 16 bits.

    Right behind a layer that is not quantised by itself they join its requantisation.
    """
    slopes, step = _slopes(conversion, node)
    given = conversion.known(node, 0)
    if isinstance(given, Pending) and given.bends:
        return given.bent(slopes.reshape(-1) * step)
    value = conversion.value(node)
    source = conversion.image(value, node.where) if len(value.dims) == 3 else conversion.flat(value)
    laid = _laid(node, slopes, value.dims)

    def finish(target: Target) -> Value:
        output = conversion.declare(target.name, source.shape, target.affine)
        above = split_scale(source.scale / target.affine.scale)
        below = split_scale(source.scale * step / target.affine.scale)
        fields = (output.name, (source.name,), output.name, laid, above, below, output.zero_point)
        conversion.emit(TflitePrelu(*fields))
        return Value(output.name, value.dims)

    return cut_after(conversion, finish)


def _slopes(conversion: Conversion, node: OnnxNode) -> tuple[np.ndarray, float]:
    """Return slopes as whole steps, and the step."""
    found = conversion.known(node, 1)
    if isinstance(found, Constant):
        affine = found.quantisation
        if affine.scales.size == 1:
            return found.integers.astype(np.int64) - affine.points.reshape(()), float(affine.scales.reshape(-1)[0])
    reals = _reals(conversion, node, 1)
    step = max(float(np.abs(reals).max(initial=0.0)), 1e-9) / _FINEST
    return np.rint(reals / step).astype(np.int64), step


def _reals(conversion: Conversion, node: OnnxNode, number: int) -> np.ndarray:
    """Return a constant's real values, float64, quantised or not."""
    found = conversion.known(node, number)
    return found.reals() if isinstance(found, Constant) else conversion.array(node, number).astype(np.float64)


def _laid(node: OnnxNode, slopes: np.ndarray, dims: Dims) -> np.ndarray:
    """Return slopes int16 [H, W, C], sizes of 1 where they are stretched."""
    sizes = [size for at, size in enumerate(slopes.shape) if size != 1 or slopes.ndim - at <= len(dims)]
    sizes = [1] * (len(dims) - len(sizes)) + sizes
    if len(dims) not in (1, 3) or len(sizes) != len(dims):
        raise UserError(node.where, f"has slopes of shape {list(slopes.shape)}", "give one per channel")
    whole = slopes.reshape(sizes)
    return np.ascontiguousarray(whole.transpose(1, 2, 0) if len(dims) == 3 else whole.reshape(1, 1, -1), np.int16)


@converts("BatchNormalization")
def norm(conversion: Conversion, node: OnnxNode) -> Known:
    """Every channel times a factor, plus a shift: a depthwise convolution of one pixel."""
    value = conversion.value(node)
    gain, shift, mean, variance = (_reals(conversion, node, at).reshape(-1) for at in range(1, 5))
    factors = gain / np.sqrt(variance + node.real("epsilon", 1e-5))
    shifts = shift - mean * factors
    source = conversion.image(value, node.where) if len(value.dims) == 3 else conversion.flat(value)
    if factors.shape != (source.shape[2],) or not np.all(np.isfinite(factors) & np.isfinite(shifts)):
        raise UserError(node.where, f"has {factors.size} factors for {source.shape[2]} channels", "export it again")
    # a factor of nearly 0 keeps a step that the shift's integer can be counted in
    steps = np.maximum(np.maximum(np.abs(factors), np.abs(shifts) / (source.scale * _LARGEST_SHIFT)), _TINY) / 127
    weights = np.rint(factors / steps).astype(np.int8)[None, None]
    bias = np.rint(shifts / (source.scale * steps)).astype(np.int32)

    def finish(target: Target) -> Value:
        output = conversion.declare(target.name, source.shape, target.affine)
        scales = source.scale * steps / target.affine.scale
        rule = HighMul.from_scales(scales, target.affine.zero_point, target.lo, target.hi)
        conversion.emit(DepthwiseConv2D(output.name, (source.name,), output.name, weights, bias, rule))
        return Value(output.name, value.dims)

    return Pending(finish)


@converts("Softmax")
def softmax(conversion: Conversion, node: OnnxNode) -> Known:
    """Over the channels."""
    return _softmax(conversion, node, conversion.value(node))


@converts("QLinearSoftmax")
def qlinear_softmax(conversion: Conversion, node: OnnxNode) -> Known:
    """X, its scale and zero point, those of Y; onnxruntime's kernel cuts the reciprocal of Y's scale to an integer."""
    given = conversion.viewed(conversion.value(node), conversion.quantisation(node, 1).single(node.where))
    pending = _softmax(conversion, node, given, lambda scale: 1 / max(math.floor(1 / scale), 1))
    return pending.quantised(node.output, conversion.quantisation(node, 3).single(node.where))


def _softmax(
    conversion: Conversion, node: OnnxNode, value: Value, seen: Callable[[np.float32], float] = float
) -> Pending:
    """Return the shares of channels; `seen` says what scale the kernel divides by for the output's."""
    rank = len(value.dims) + 1
    axis = node.integer("axis", -1) % rank
    if (rank, axis) not in ((2, 1), (3, 2), (4, 1)):
        raise UserError(node.where, f"runs along axis {node.integer('axis', -1)} of {rank}", "use the channels")
    source = conversion.image(value, node.where) if rank == 4 else conversion.flat(value)
    if rank == 3:
        source = conversion.reshaped(source, (1, value.dims[0], value.dims[1]), "rows")
    table = np.array([math.exp(-source.scale * step) for step in range(256)], np.float32)

    def finish(target: Target) -> Value:
        output = conversion.declare(target.name, source.shape, target.affine)
        fields = (output.name, (source.name,), output.name, table, seen(np.float32(target.affine.scale)))
        conversion.emit(TfliteSoftmax(*fields, output.zero_point))
        if rank == 3:
            output = conversion.reshaped(output, (1, 1, value.count), "flat")
        return Value(output.name, value.dims)

    return cut_after(conversion, finish)
