"""Weights and biases as integers times one power of two per layer."""

from dataclasses import dataclass

import numpy as np

from microface.errors import UserError
from microface.learn.quant.graph import Weighted
from microface.network.convert.ai8x.quantise import widest_shift

BITS = (8, 4, 2, 1)
BIAS_LIMITS = (-128, 127)
"""A bias is a byte whatever the bits of the weights."""
_TRIED = 6


@dataclass(frozen=True, eq=False)
class IntegerWeights:
    """Weights int8 [O, ...] within their bits and bias int8 [O], in units of 2^-(bits - 1) * 2^-`shift`."""

    weights: np.ndarray
    bias: np.ndarray
    shift: int


def limits_of(bits: int) -> tuple[int, int]:
    """Return the smallest and the largest weight of `bits`: -128..127, -8..7, -2..1, -1..0."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def step_of(shift: int, bits: int) -> float:
    """Return what one integer of weights of `bits` stands for at `shift`, the s of docs/max78000.md."""
    return 2.0 ** -(bits - 1 + shift)


def shift_of(node: Weighted) -> int:
    """Return the shift that belongs to the steps of `node`, which must be one power of two."""
    if node.steps is None:
        raise UserError(f"layer {node.name}", "has no steps of weights", "fit the graph first")
    return round(-np.log2(node.steps[0])) - (node.bits - 1)


def best_shift(weights: np.ndarray, bias: np.ndarray, bits: int, power: float) -> int:
    """Return the shift with the least expected error of the layer's sums before rounding.

    `power` is the mean square of an input: the error is that of the weights times it, and that of the bias as it is.
    """
    first = widest_shift(weights, bias, bits) - (8 - bits)
    tried = range(max(first, -7 - bits), min(first + _TRIED + (8 - bits), 23 - bits) + 1)
    return min(tried, key=lambda shift: _error(weights, bias, bits, shift, power))


def _error(weights: np.ndarray, bias: np.ndarray, bits: int, shift: int, power: float) -> float:
    step = step_of(shift, bits)
    of_weights = np.square(whole(weights, step, limits_of(bits)) * step - weights).sum()
    of_bias = np.square(whole(bias, step, BIAS_LIMITS) * step - bias).sum()
    return float(power * of_weights + of_bias)


def whole(values: np.ndarray, step: float, limits: tuple[int, int]) -> np.ndarray:
    """Return floor(values / step + 1/2) cut to `limits`, float64."""
    return np.clip(np.floor(values.astype(np.float64) / step + 0.5), *limits)


def integers_of(node: Weighted) -> IntegerWeights:
    """Return the integers of `node`, whose steps are chosen."""
    shift = shift_of(node)
    step = step_of(shift, node.bits)
    weights = whole(node.weights, step, limits_of(node.bits)).astype(np.int8)
    return IntegerWeights(weights, whole(node.bias, step, BIAS_LIMITS).astype(np.int8), shift)
