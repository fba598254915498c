"""What an operator's sums are multiplied by, as a real number, whatever its arithmetic."""

import numpy as np

from microface.errors import UserError
from microface.network.network import IntegerNetwork
from microface.network.ops import Add, Prelu, WeightedOperator
from microface.network.ops.prelu import FRACTION_BITS
from microface.network.ops.tflite import TfliteAdd
from microface.network.passes import on_processor
from microface.network.requantise import DoubleRounding, HighMul, HighMulPrelu, RealRounding
from microface.network.tensors import Tensor

LEAST = 2.0**-40
"""A factor that stands for 0: scales are positive."""


def factors_of(op: WeightedOperator, form: str) -> np.ndarray:
    """Return float64 [O]: what the sums of `op` are multiplied by, `LEAST` or more; those from 0 on with a PReLU.

    A `UserError` where it does not give bytes.

    `form` is what it is written in, for the message.
    """
    rule = op.requantise
    if isinstance(rule, HighMul | HighMulPrelu):
        return np.maximum(rule.multiplier * np.exp2(rule.left.astype(np.float64) - 32), LEAST)
    if isinstance(rule, DoubleRounding):
        return np.maximum(rule.multiplier * np.exp2(rule.shift.astype(np.float64) - 31), LEAST)
    if isinstance(rule, RealRounding):
        return np.maximum(rule.scales, LEAST)
    mend = f"{form} takes bytes there: give the output a scale (an embedding, or logits of 8 bits)"
    raise UserError(f"operator {op.name}", "gives sums of 32 bits", mend)


def subtracts(op: Add | TfliteAdd) -> bool:
    """Say whether `op` takes its second input from the first."""
    return op.negate if isinstance(op, TfliteAdd) else op.mb < 0


def multiplied_scale(factor: tuple[int, int], source: Tensor, target: Tensor) -> float:
    """Return the scale of a constant that `source` is multiplied by: source * scale / target = `factor`."""
    return _real(factor) * target.scale / source.scale


def addend_scale(op: TfliteAdd, source: Tensor) -> float:
    """Return the scale of the constant that `op` adds to `source`."""
    return source.scale * _real(op.second) / _real(op.first)


def _real(factor: tuple[int, int]) -> float:
    """Return what a multiplier and its shift stand for; a multiplier of 0 as 1, since no scale is 0."""
    multiplier, shift = factor
    return float(max(multiplier, 1)) * 2.0 ** (shift - 31)


def stored_constant(op_name: str, centred: np.ndarray, source: Tensor) -> tuple[np.ndarray, int]:
    """Return integers less their zero point as `source` stores integers, and a zero point that lets them fit."""
    low, high = int(centred.min()), int(centred.max())
    point = min(source.highest - high, 0) or max(source.lowest - low, 0)
    if low + point < source.lowest or high + point > source.highest:
        raise UserError(f"operator {op_name}", "has a constant wider than its input", f"quantise it to {source.dtype}")
    return (centred.astype(np.int64) + point).astype(source.numpy_dtype), point


def real_slopes(op: Prelu) -> np.ndarray:
    """Return float64 [C]: what values below zero are multiplied by."""
    return op.slopes.astype(np.float64) / (1 << FRACTION_BITS)


def for_processors(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` with layers of an accelerator as operators that other tools have: the same integers."""
    return on_processor.apply(network) if on_processor.match(network) else network
