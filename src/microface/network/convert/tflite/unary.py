"""Functions of one value: on bytes each is a table, computed here as TFLite's reference computes it."""

import math
from collections.abc import Callable

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, centred, converts
from microface.network.convert.tflite.model import TfOperator, TfTensor
from microface.network.convert.tflite.ranges import activation_range
from microface.network.ops.tflite import Lookup, Rescale, TflitePrelu, TfliteSoftmax
from microface.network.requantise.tflite import rescale, rounding_shift, split_scale
from microface.network.tensors import Tensor

Integers = np.ndarray
_BYTES = np.arange(-128, 128, dtype=np.int64)


def emit_table(conversion: Conversion, op: TfOperator, values: Callable[[TfTensor, TfTensor], Integers]) -> None:
    """Append the table of `values` (int64 [256], clipped here) for the input and output of `op`."""
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    if {source.dtype, output.dtype} != {"s8"}:
        raise UserError(op.where, f"takes {source.dtype} and gives {output.dtype}", "quantise it to int8")
    table = np.clip(values(given, result), -128, 127).astype(np.int8)
    conversion.emit(Lookup(output.name, (source.name,), output.name, table))


def _float_table(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[TfTensor, TfTensor], Integers]:
    """Return the values of a real function: float32 throughout, halves away from zero."""

    def values(given: TfTensor, result: TfTensor) -> Integers:
        real = given.scale * (_BYTES - given.zero_point).astype(np.float32)
        scaled = function(real).astype(np.float32) * (np.float32(1) / result.scale)
        rounded = np.copysign(np.floor(np.abs(scaled) + np.float32(0.5)), scaled)
        return rounded.astype(np.int64) + result.zero_point

    return values


def _logistic(real: np.ndarray) -> np.ndarray:
    exponentials = np.array([math.exp(-float(value)) for value in real]).astype(np.float32)
    return np.float32(1) / (np.float32(1) + exponentials)


def _tanh(real: np.ndarray) -> np.ndarray:
    return np.array([math.tanh(float(value)) for value in real]).astype(np.float32)


@converts("LOGISTIC")
def logistic(conversion: Conversion, op: TfOperator) -> None:
    """1 / (1 + exp(-x)) in float32."""
    emit_table(conversion, op, _float_table(_logistic))


@converts("TANH")
def tanh(conversion: Conversion, op: TfOperator) -> None:
    """tanh(x) in float32."""
    emit_table(conversion, op, _float_table(_tanh))


@converts("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1")
def relu(conversion: Conversion, op: TfOperator) -> None:
    """Rescaled, then cut."""

    def values(given: TfTensor, result: TfTensor) -> Integers:
        factor = split_scale(float(given.scale / result.scale))
        lo, hi = activation_range(op.name, result, Tensor("range", (1, 1, 1), "s8", 1.0))
        return np.clip(rescale(_BYTES - given.zero_point, *factor) + result.zero_point, lo, hi)

    emit_table(conversion, op, values)


@converts("LEAKY_RELU")
def leaky_relu(conversion: Conversion, op: TfOperator) -> None:
    """Two factors, one below 0."""
    alpha = np.float32(op.real(0))
    if alpha < 0:
        raise UserError(op.where, f"has the slope {alpha}", "use a slope of 0 or more")

    def values(given: TfTensor, result: TfTensor) -> Integers:
        x = _BYTES - given.zero_point
        above = rescale(x, *split_scale(float(given.scale / result.scale)))
        below = rescale(x, *split_scale(float(given.scale * alpha / result.scale)))
        return np.where(x >= 0, above, below) + result.zero_point

    emit_table(conversion, op, values)


@converts("HARD_SWISH")
def hard_swish(conversion: Conversion, op: TfOperator) -> None:
    """x * clip(x + 3, 0, 6) / 6 in 16-bit fixed point."""
    emit_table(conversion, op, _hard_swish)


def _hard_swish(given: TfTensor, result: TfTensor) -> Integers:
    fine = np.float32(1 / 128) * given.scale
    output, output_shift = _short_factor(float(fine / result.scale))
    gate, gate_shift = _short_factor(float(fine / np.float32(3 / 32768)))
    if output_shift > 0:
        raise UserError(result.where, "has a scale too small for HARD_SWISH", "calibrate it again")
    x = (_BYTES - given.zero_point) << 7
    on_output = _short_high_multiply(x, output)
    relu = _saturate16(x << (gate_shift - 1)) if gate_shift > 0 else x
    relu = _short_high_multiply(relu, gate)
    relu = _saturate16(relu << 1) if gate_shift > 0 else rounding_shift(relu, -gate_shift)
    relu = (relu + (1 << 15)) >> 1
    product = relu * on_output
    cut = _saturate16(np.sign(product) * (np.abs(product) >> 15))
    return _saturate16(rounding_shift(cut, -output_shift) + result.zero_point)


def _short_factor(scale: float) -> tuple[int, int]:
    """Return a 16-bit multiplier and shift."""
    multiplier, shift = split_scale(scale)
    return (32767 if multiplier >= 2**31 - 1 - (1 << 15) else (multiplier + (1 << 15)) >> 16), shift


def _short_high_multiply(values: Integers, multiplier: int) -> Integers:
    return _saturate16((values * multiplier + (1 << 14)) >> 15)


def _saturate16(values: Integers) -> Integers:
    return np.clip(values, -32768, 32767)


@converts("QUANTIZE")
def quantize(conversion: Conversion, op: TfOperator) -> None:
    """Between integers; behind a float input it vanishes."""
    given, result = conversion.source(op, 0), conversion.target(op)
    if given.dtype == "float32":
        if given.index not in conversion.model.inputs:
            raise UserError(given.where, "is float inside the network", "quantise the whole model")
        conversion.entry(given, result, op.where)
        return
    factor = split_scale(float(given.scale) / float(result.scale))
    source, output = conversion.computed(op), conversion.declare(result, op.where)
    fields = (output.name, (source.name,), output.name)
    conversion.emit(Rescale(*fields, factor, output.zero_point, output.lowest, output.highest))


@converts("DEQUANTIZE")
def dequantize(conversion: Conversion, op: TfOperator) -> None:
    """Before a float output it vanishes."""
    result = conversion.target(op)
    if result.index not in conversion.model.outputs:
        raise UserError(result.where, "is float inside the network", "quantise the whole model")
    conversion.names[result.index] = conversion.computed(op).name


@converts("PRELU")
def prelu(conversion: Conversion, op: TfOperator) -> None:
    """The slopes are constants."""
    source, given, slopes = conversion.computed(op), conversion.source(op, 0), conversion.source(op, 1)
    result = conversion.target(op)
    output = conversion.declare(result, op.where)
    above = split_scale(float(given.scale / result.scale))
    below = split_scale(float(given.scale * slopes.scale / result.scale))
    values = centred(slopes).astype(np.int16)
    conversion.emit(TflitePrelu(output.name, (source.name,), output.name, values, above, below, output.zero_point))


@converts("SOFTMAX")
def softmax(conversion: Conversion, op: TfOperator) -> None:
    """Over the last axis, in float32."""
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    if {source.dtype, output.dtype} != {"s8"}:
        raise UserError(op.where, f"takes {source.dtype} and gives {output.dtype}", "quantise it to int8")
    scale = -given.scale * np.float32(op.real(0))
    exponents = scale * np.arange(256, dtype=np.float32)
    table = np.array([math.exp(float(value)) for value in exponents]).astype(np.float32)
    fields = (output.name, (source.name,), output.name, table, float(result.scale), output.zero_point)
    conversion.emit(TfliteSoftmax(*fields))
