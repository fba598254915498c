"""Functions of one byte as TFLite's reference computes them: all 256 values at once."""

import math
from collections.abc import Callable

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.model import TfTensor
from microface.network.convert.tflite.ranges import activation_range
from microface.network.requantise.tflite import rescale, rounding_shift, split_scale
from microface.network.tensors import Tensor

Integers = np.ndarray
Values = Callable[[TfTensor, TfTensor], Integers]
"""From the quantisation of an input and an output to int64 [256], not yet cut to bytes."""
_BYTES = np.arange(-128, 128, dtype=np.int64)


def table_of(values: Values, given: TfTensor, result: TfTensor) -> np.ndarray:
    """Return the table int8 [256] of `values`."""
    return np.clip(values(given, result), -128, 127).astype(np.int8)


def _float_table(function: Callable[[np.ndarray], np.ndarray]) -> Values:
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


def _relu(name: str) -> Values:
    """Return the values of a relu: rescaled, then cut."""

    def values(given: TfTensor, result: TfTensor) -> Integers:
        factor = split_scale(float(given.scale / result.scale))
        lo, hi = activation_range(name, result, Tensor("range", (1, 1, 1), "s8", 1.0))
        return np.clip(rescale(_BYTES - given.zero_point, *factor) + result.zero_point, lo, hi)

    return values


def leaky_relu(alpha: np.float32) -> Values:
    """Return the values of a leaky relu: two factors, one below 0."""

    def values(given: TfTensor, result: TfTensor) -> Integers:
        x = _BYTES - given.zero_point
        above = rescale(x, *split_scale(float(given.scale / result.scale)))
        below = rescale(x, *split_scale(float(given.scale * alpha / result.scale)))
        return np.where(x >= 0, above, below) + result.zero_point

    return values


def _hard_swish(given: TfTensor, result: TfTensor) -> Integers:
    """Return x * clip(x + 3, 0, 6) / 6 in 16-bit fixed point."""
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


def exponentials(given: TfTensor, beta: np.float32) -> np.ndarray:
    """Return float32 [256]: what SOFTMAX weighs a byte with that lies so many steps below the largest."""
    powers = -given.scale * beta * np.arange(256, dtype=np.float32)
    return np.array([math.exp(float(value)) for value in powers]).astype(np.float32)


TABLES: dict[str, Values] = {
    "LOGISTIC": _float_table(_logistic),
    "TANH": _float_table(_tanh),
    "HARD_SWISH": _hard_swish,
    **{name: _relu(name) for name in ("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1")},
}
"""The operators without options."""
