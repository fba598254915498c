"""Conv, Gemm and MatMul with constant weights, in the QDQ and the QLinear form."""

from dataclasses import dataclass

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.values import Constant, Pending, Target, Value
from microface.network.convert.onnx.windows import window_of
from microface.network.ops import Conv2D, Dense, DepthwiseConv2D
from microface.network.requantise import HighMul, HighMulPrelu
from microface.network.tensors import Tensor

_SLOPE = "use alpha = beta = 1 and transA = 0"


@dataclass(frozen=True, eq=False)
class _Layer:
    """Int8 weights [O, ...], scales float64 [O] of the weights, bias int32 [O]."""

    weights: np.ndarray
    scales: np.ndarray
    bias: np.ndarray

    def rule(self, source: Tensor, target: Target) -> HighMul | HighMulPrelu:
        """Return the requantisation: input scale * weight scale / output scale."""
        scales = source.scale * self.scales / target.affine.scale
        rest = target.affine.zero_point, target.lo, target.hi
        if target.slopes is None:
            return HighMul.from_scales(scales, *rest)
        if target.slopes.size not in (1, scales.size):
            found = f"is bent by {target.slopes.size} slopes for {scales.size} channels"
            raise UserError(target.name, found, "give one per channel")
        return HighMulPrelu.from_scales(scales, np.broadcast_to(target.slopes, scales.shape), *rest)


def _layer(node: OnnxNode, weights: Constant, axis: int, bias: Constant | np.ndarray | None, source: Tensor) -> _Layer:
    """Return the layer whose output channels lie along `axis` of the weights."""
    integers = np.moveaxis(_symmetric(node, weights, axis), axis, 0)
    outputs, q = len(integers), weights.quantisation
    if q.scales.size not in (1, outputs):
        raise UserError(node.where, f"has {q.scales.size} weight scales", f"give 1 or {outputs} along axis {axis}")
    scales = np.broadcast_to(q.scales.astype(np.float64), outputs)
    return _Layer(np.ascontiguousarray(integers), scales, _bias(node, bias, outputs, source.scale * scales))


def _symmetric(node: OnnxNode, weights: Constant, axis: int) -> np.ndarray:
    """Return the weights less their zero points, which int8 must hold."""
    q, integers = weights.quantisation, weights.integers
    if integers.dtype not in (np.int8, np.uint8):
        raise UserError(node.where, f"has weights of {integers.dtype}", "quantise them to int8")
    shape = [1] * integers.ndim
    if q.points.size > 1:
        shape[axis] = -1
    shifted = integers.astype(np.int64) - q.points.reshape(shape)
    if shifted.size == 0 or shifted.min() < -128 or shifted.max() > 127:
        mend = "quantise with weight_type=QuantType.QInt8"
        raise UserError(node.where, "has weights that int8 cannot hold without zero points", mend)
    return shifted.astype(np.int8)


def _bias(node: OnnxNode, given: Constant | np.ndarray | None, outputs: int, scales: np.ndarray) -> np.ndarray:
    """Return the bias in units of `scales` (input scale * weight scale); integers without scale are that already."""
    if given is None:
        return np.zeros(outputs, np.int32)
    if isinstance(given, np.ndarray) and given.dtype.kind != "f":
        units = given.reshape(-1).astype(np.float64)
    else:
        reals = given.reals() if isinstance(given, Constant) else given.astype(np.float64)
        units = np.rint(reals.reshape(-1) / scales)
    units = np.broadcast_to(units, outputs)
    if not np.all(np.abs(units) < 2.0**31):
        raise UserError(node.where, "has a bias that 32 bits cannot hold", "quantise it again")
    return units.astype(np.int32)


def _optional(conversion: Conversion, node: OnnxNode, number: int) -> Constant | np.ndarray | None:
    if not node.input(number):
        return None
    found = conversion.known(node, number)
    if isinstance(found, Constant | np.ndarray):
        return found
    raise UserError(node.where, f"computes its bias {node.input(number)}", "make it a constant")


def _weights(conversion: Conversion, node: OnnxNode, number: int) -> Constant:
    found = conversion.known(node, number)
    if isinstance(found, Constant):
        return found
    kind = "float" if isinstance(found, np.ndarray) else "computed"
    raise UserError(node.where, f"has {kind} weights {node.input(number)}", "quantise constants to int8")


def _raw_weights(conversion: Conversion, node: OnnxNode, number: int, axis: int) -> Constant:
    """Return weights with their scale and zero point as the next inputs."""
    return Constant(conversion.array(node, number), conversion.quantisation(node, number + 1, axis=axis))


def _read(conversion: Conversion, node: OnnxNode) -> Value:
    """Return input 0 with the quantisation that inputs 1 and 2 say."""
    return conversion.viewed(conversion.value(node), conversion.quantisation(node, 1).single(node.where))


def _written(conversion: Conversion, node: OnnxNode, pending: Pending, first: int) -> Value:
    """Return the integers with the quantisation that inputs `first` and the next say."""
    return pending.quantised(node.output, conversion.quantisation(node, first).single(node.where))


@converts("Conv")
def conv(conversion: Conversion, node: OnnxNode) -> Known:
    """X, W, B between DequantizeLinear and QuantizeLinear."""
    weights, bias = _weights(conversion, node, 1), _optional(conversion, node, 2)
    return _convolution(conversion, node, conversion.value(node), weights, bias)


@converts("QLinearConv")
def qlinear_conv(conversion: Conversion, node: OnnxNode) -> Known:
    """x, scale, point, w, scales, points, scale and point of y, B."""
    weights, bias = _raw_weights(conversion, node, 3, 0), _optional(conversion, node, 8)
    return _written(conversion, node, _convolution(conversion, node, _read(conversion, node), weights, bias), 6)


def _convolution(
    conversion: Conversion, node: OnnxNode, value: Value, weights: Constant, bias: Constant | np.ndarray | None
) -> Pending:
    """Return the convolution that waits for its output's quantisation."""
    source = conversion.image(value, node.where)
    if weights.integers.ndim != 4:
        raise UserError(node.where, f"has weights of shape {weights.integers.shape}", "use two dimensions")
    layer = _layer(node, weights, 0, bias, source)
    rows, columns = weights.integers.shape[2:]
    window = window_of(node, source.shape, (rows, columns))
    steps = window.stride, window.padding, window.dilation
    groups, outputs = node.integer("group", 1), len(layer.weights)
    depthwise = groups == source.shape[2] == outputs and groups > 1
    taps = layer.weights if depthwise else _ungrouped(node, layer.weights, source.shape[2], groups)
    size = window.output(node.where, source.shape)

    kind = DepthwiseConv2D if depthwise else Conv2D
    taps = np.ascontiguousarray(taps[:, 0].transpose(1, 2, 0) if depthwise else taps.transpose(0, 2, 3, 1))

    def finish(target: Target) -> Value:
        output = conversion.declare(target.name, (*size, outputs), target.affine)
        rule = layer.rule(source, target)
        conversion.emit(kind(output.name, (source.name,), output.name, taps, layer.bias, rule, *steps))
        return Value(output.name, (outputs, *size))

    return Pending(finish, bends=True)


def _ungrouped(node: OnnxNode, weights: np.ndarray, channels: int, groups: int) -> np.ndarray:
    """Return weights over all `channels`; those outside an output's group are 0."""
    outputs, own, rows, columns = weights.shape
    if groups < 1 or own * groups != channels or outputs % groups:
        raise UserError(node.where, f"has weights for {groups} x {own} channels, gets {channels}", "export it again")
    whole = np.zeros((outputs, channels, rows, columns), np.int8)
    for output in range(outputs):
        first = output // (outputs // groups) * own
        whole[output, first : first + own] = weights[output]
    return whole


@converts("Gemm")
def gemm(conversion: Conversion, node: OnnxNode) -> Known:
    """A, B, C between DequantizeLinear and QuantizeLinear."""
    weights, bias = _weights(conversion, node, 1), _optional(conversion, node, 2)
    return _dense(conversion, node, conversion.value(node), weights, bias)


@converts("MatMul")
def matmul(conversion: Conversion, node: OnnxNode) -> Known:
    """A vector times constant weights."""
    return _dense(conversion, node, conversion.value(node), _weights(conversion, node, 1), None)


@converts("QGemm")
def qgemm(conversion: Conversion, node: OnnxNode) -> Known:
    """A, scale, point, B, scales, points, C, scale and point of Y."""
    weights = _raw_weights(conversion, node, 3, _output_axis(node))
    pending = _dense(conversion, node, _read(conversion, node), weights, _optional(conversion, node, 6))
    return _written(conversion, node, pending, 7)


@converts("QLinearMatMul")
def qlinear_matmul(conversion: Conversion, node: OnnxNode) -> Known:
    """a, scale, point, b, scales, points, scale and point of y."""
    weights = _raw_weights(conversion, node, 3, _output_axis(node))
    return _written(conversion, node, _dense(conversion, node, _read(conversion, node), weights, None), 6)


def _output_axis(node: OnnxNode) -> int:
    return 0 if node.integer("transB", 0) else 1


def _dense(
    conversion: Conversion, node: OnnxNode, value: Value, weights: Constant, bias: Constant | np.ndarray | None
) -> Pending:
    """Return the product that waits for its output's quantisation; the weights take the order of our tensor."""
    if (node.real("alpha", 1), node.real("beta", 1), node.integer("transA", 0)) != (1, 1, 0):
        raise UserError(node.where, "scales or turns its operands", _SLOPE)
    if len(value.dims) != 1 or weights.integers.ndim != 2:
        raise UserError(node.where, f"multiplies sizes {list(value.dims)}", "multiply a vector by a matrix")
    source = conversion.tensor(value)
    layer = _layer(node, weights, _output_axis(node), bias, source)
    rows, columns, channels = source.shape
    taps = layer.weights.reshape(-1, channels, rows, columns).transpose(0, 2, 3, 1).reshape(len(layer.weights), -1)

    def finish(target: Target) -> Value:
        output = conversion.declare(target.name, (1, 1, len(taps)), target.affine)
        rule, ours = layer.rule(source, target), np.ascontiguousarray(taps)
        conversion.emit(Dense(output.name, (source.name,), output.name, ours, layer.bias, rule))
        return Value(output.name, (len(taps),))

    return Pending(finish, bends=True)
