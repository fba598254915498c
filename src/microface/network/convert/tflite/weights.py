"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED."""

import math

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, converts
from microface.network.convert.tflite.model import TfOperator, TfTensor
from microface.network.convert.tflite.ranges import activation_name, activation_range
from microface.network.convert.tflite.schema import SAME, VALID
from microface.network.ops import Concat, Conv2D, Dense, DepthwiseConv2D, same_padding
from microface.network.ops.tflite import Reshape, WideDepthwise
from microface.network.ops.window import Padding, Pair
from microface.network.requantise import DoubleRounding, RealRounding, Requantise, SingleRounding, WideRounding
from microface.network.tensors import Shape, Tensor


@converts("CONV_2D")
def convolution(conversion: Conversion, op: TfOperator) -> None:
    """Weights [O, KH, KW, I]; fewer input channels than the input has means groups, which become zeros."""
    source, output = conversion.computed(op), conversion.declare(conversion.target(op), op.where)
    given = conversion.source(op, 1)
    weights = _weights(given, 4, source)
    stride, dilation = option_pair(op, 2, 1), option_pair(op, 5, 4)
    source, weights = in_bytes(conversion, source, _ungrouped(weights, source.shape[2], op))
    padding = padding_of(op, source.shape, weights.shape[1:3], stride, dilation)
    rule = _rule(conversion, op, source, output, len(weights), 3)
    bias = _bias(conversion, op, len(weights))
    inputs = (source.name,)
    conv = Conv2D(
        output.name, inputs, output.name, weights, bias, rule, stride, padding, dilation, weight_bits=_bits(given)
    )
    conversion.emit(conv)


@converts("DEPTHWISE_CONV_2D")
def depthwise(conversion: Conversion, op: TfOperator) -> None:
    """Weights [1, KH, KW, O]; O / I outputs per input channel, next to one another; more than 1: a convolution."""
    source, output = conversion.computed(op), conversion.declare(conversion.target(op), op.where)
    given = conversion.source(op, 1)
    weights = _weights(given, 4, source)
    if weights.shape[0] != 1 or weights.shape[3] % source.shape[2]:
        raise UserError(given.where, f"has shape {list(weights.shape)}", f"the input has {source.shape[2]} channels")
    stride, dilation = option_pair(op, 2, 1), option_pair(op, 6, 5)
    padding = padding_of(op, source.shape, weights.shape[1:3], stride, dilation)
    rule = _rule(conversion, op, source, output, weights.shape[3], 4)
    bias, bits = _bias(conversion, op, weights.shape[3]), _bits(given)
    fields = (bias, rule, stride, padding, dilation)
    if weights.shape[3] == source.shape[2]:
        narrow = weights.dtype == np.int8
        kind, bits = (DepthwiseConv2D, bits) if narrow else (WideDepthwise, 16)
        conversion.emit(kind(output.name, (source.name,), output.name, weights[0], *fields, weight_bits=bits))
        return
    taps = _ungrouped(np.ascontiguousarray(weights.transpose(3, 1, 2, 0)), source.shape[2], op)
    source, taps = in_bytes(conversion, source, taps)
    conversion.emit(Conv2D(output.name, (source.name,), output.name, taps, *fields, weight_bits=bits))


@converts("FULLY_CONNECTED")
def dense(conversion: Conversion, op: TfOperator) -> None:
    """Weights [O, I]; an input of several rows of I values is a pointwise convolution."""
    source, output = conversion.computed(op), conversion.declare(conversion.target(op), op.where)
    given = conversion.source(op, 1)
    if op.integer(1, "b"):
        raise UserError(given.where, "is shuffled", "convert it with the default weights_format")
    weights = _weights(given, 2, source)
    outputs, inputs = weights.shape
    rows = math.prod(source.shape) // max(inputs, 1)
    if rows * inputs != math.prod(source.shape):
        raise UserError(given.where, f"has shape {list(weights.shape)}", f"the input is {source.shape}")
    bias, bits = _bias(conversion, op, outputs), _bits(given)
    rule = _dense_rule(conversion, op, output, outputs)
    if weights.dtype != np.int8:
        source, weights = in_bytes(conversion, seen_as(conversion, source, (1, rows, inputs), "rows"), weights)
        inputs = weights.shape[1]
    if output.shape == (1, 1, outputs) and rows == 1:
        fields = (output.name, (source.name,), output.name, weights, bias, rule)
        conversion.emit(Dense(*fields, weight_bits=bits))
        return
    before = seen_as(conversion, source, (1, rows, inputs), "rows")
    after = output if output.shape == (1, rows, outputs) else conversion.helper(output, "rows")
    if after is not output:
        after = Tensor(after.name, (1, rows, outputs), after.dtype, after.scale, after.zero_point)
        conversion.tensors[after.name] = after
    taps = weights.reshape(outputs, 1, 1, inputs)
    conversion.emit(Conv2D(after.name, (before.name,), after.name, taps, bias, rule, weight_bits=bits))
    if after is not output:
        conversion.emit(Reshape(output.name, (after.name,), output.name, output.shape))


def seen_as(conversion: Conversion, source: Tensor, shape: Shape, suffix: str) -> Tensor:
    """Return `source` in another shape, by a RESHAPE where it is not that already."""
    if source.shape == shape:
        return source
    name = conversion.unique(f"{source.name}_{suffix}")
    view = Tensor(name, shape, source.dtype, source.scale, source.zero_point)
    conversion.tensors[name] = view
    conversion.emit(Reshape(name, (source.name,), name, shape))
    return view


def padding_of(op: TfOperator, source: Shape, size: tuple[int, ...], stride: Pair, dilation: Pair) -> Padding:
    """Return the padding that the option SAME or VALID means."""
    kind = op.integer(0, "b")
    if kind not in (SAME, VALID):
        raise UserError(op.where, f"has padding {kind}", "use SAME or VALID")
    if kind == VALID:
        return 0, 0, 0, 0
    extent = ((size[0] - 1) * dilation[0] + 1, (size[1] - 1) * dilation[1] + 1)
    return same_padding((source[0], source[1]), extent, stride)


def option_pair(op: TfOperator, rows: int, columns: int) -> Pair:
    """Return two options, at least 1."""
    pair = op.integer(rows, "i", 1), op.integer(columns, "i", 1)
    if min(pair) < 1 or max(pair) > 1 << 15:
        raise UserError(op.where, f"has the stride or dilation {pair}", "use 1 or more")
    return pair


def _weights(given: TfTensor, rank: int, source: Tensor) -> np.ndarray:
    """Return weights of `rank` less their zero point: int8, or int16 where uint8 ones need 9 bits."""
    kinds = ("int8", "int4") if source.dtype == "s8" else ("int8",)
    if given.dtype not in kinds or source.dtype not in ("s8", "s16"):
        wanted = "weights of int8 on int8 or int16, or of int4 on int8"
        raise UserError(given.where, f"is {given.dtype} on {source.dtype}", f"quantise to {wanted}")
    if len(given.shape) != rank or min(given.shape) < 1:
        raise UserError(given.where, f"has shape {list(given.shape)}", f"weights have {rank} sizes")
    if not np.any(given.zero_points):
        return given.constant
    shifted = given.constant.astype(np.int32) - given.zero_point
    if shifted.min() < -128 or shifted.max() > 127:
        if given.unsigned:
            return shifted.astype(np.int16)
        raise UserError(given.where, f"has the zero point {given.zero_point}", "quantise weights symmetrically")
    return shifted.astype(np.int8)


def in_bytes(conversion: Conversion, source: Tensor, weights: np.ndarray) -> tuple[Tensor, np.ndarray]:
    """Return input and int8 weights [..., I] with the same sums: wider weights are those of several equal inputs."""
    parts: list[np.ndarray] = []
    rest = weights.astype(np.int16)
    while rest.any() or not parts:
        parts.append(np.clip(rest, -128, 127).astype(np.int8))
        rest = rest - parts[-1]
    whole = source
    for _ in parts[1:]:
        rows, columns, channels = source.shape
        name, before = conversion.unique(f"{source.name}_again"), whole
        whole = Tensor(name, (rows, columns, before.shape[2] + channels), source.dtype, source.scale, source.zero_point)
        conversion.tensors[name] = whole
        conversion.emit(Concat(name, (before.name, source.name), name))
    return whole, np.concatenate(parts, axis=-1)


def _bits(given: TfTensor) -> int:
    return 4 if given.dtype == "int4" else 8


def _ungrouped(weights: np.ndarray, channels: int, op: TfOperator) -> np.ndarray:
    """Return weights over all `channels`; those outside an output's group are 0."""
    outputs, rows, columns, own = weights.shape
    if own == channels:
        return weights
    groups = channels // own
    if groups * own != channels or outputs % groups:
        raise UserError(op.where, f"has weights for {own} channels, gets {channels}", "convert it again")
    whole = np.zeros((outputs, rows, columns, channels), weights.dtype)
    for output in range(outputs):
        first = output // (outputs // groups) * own
        whole[output, :, :, first : first + own] = weights[output]
    return whole


def _bias(conversion: Conversion, op: TfOperator, outputs: int) -> np.ndarray:
    """Return the bias, zeros where there is none or an empty one."""
    given = conversion.optional(op, 2)
    if given is None or (given.data is None and given.elements == 0):
        return np.zeros(outputs, np.int32)
    if given.dtype not in ("int32", "int64") or given.elements != outputs:
        raise UserError(given.where, f"is {given.dtype} {list(given.shape)}", f"a bias is int32 [{outputs}]")
    values = given.constant.reshape(-1)
    wide = conversion.computed(op).dtype == "s16"
    if wide and given.dtype != "int64":
        raise UserError(given.where, "is int32 beside int16 activations", "convert it with a 64-bit bias")
    if np.any(np.abs(values.astype(np.float64)) >= 2.0 ** (46 if wide else 31)):
        raise UserError(given.where, "is too large", "quantise it again")
    return values.astype(np.int64 if wide else np.int32)


def _rule(
    conversion: Conversion, op: TfOperator, source: Tensor, output: Tensor, outputs: int, option: int
) -> DoubleRounding:
    """Return the requantisation of a convolution: two roundings, or for int16 one of a 64-bit sum."""
    scales = _scales(conversion, op, outputs)
    kind = WideRounding if source.dtype == "s16" else DoubleRounding
    return kind.from_scales(scales, output.zero_point, *_range(conversion, op, output, option))


def _dense_rule(conversion: Conversion, op: TfOperator, output: Tensor, outputs: int) -> Requantise:
    """Return one rounding of a real product; in integers where they are proved to give the same."""
    scales, limits = _scales(conversion, op, outputs), _range(conversion, op, output, 0)
    if output.dtype == "s8":
        rule = SingleRounding.from_scales(scales, output.zero_point, *limits)
        if rule.equals_real(scales):
            return rule
    return RealRounding(scales, output.zero_point, *limits)


def _scales(conversion: Conversion, op: TfOperator, outputs: int) -> np.ndarray:
    """Return float64 [O]: input scale * weight scale / output scale, in float64 of the file's float32."""
    given, result, weights = conversion.source(op, 0), conversion.target(op), conversion.source(op, 1)
    if len(weights.scales) not in (1, outputs):
        raise UserError(weights.where, f"has {len(weights.scales)} scales", f"give 1 or {outputs}")
    products = float(given.scale) * weights.scales.astype(np.float64)
    if weights.unsigned and op.name != "FULLY_CONNECTED":  # LiteRT multiplies these two in float32
        products = (given.scale * weights.scales.astype(np.float32)).astype(np.float64)
    return np.broadcast_to(products / float(result.scale), outputs).copy()


def _range(conversion: Conversion, op: TfOperator, output: Tensor, option: int) -> tuple[int, int]:
    """Return the least and greatest output integer, by the fused activation."""
    name = activation_name(op.integer(option, "b"), op.where)
    return activation_range(name, conversion.target(op), output)
