"""How the vendor's quantiser turns a layer's trained parameters into integers: one power of two per layer."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class QuantisedLayer:
    """Integers int64 of weights and bias (None: none), within the bits; real value = integer * 2^-(bits - 1 + s).

    `output_shift` is -s.
    """

    weights: np.ndarray
    bias: np.ndarray | None
    output_shift: int


def widest_shift(weights: np.ndarray, bias: np.ndarray, bits: int, quantile: float = 1.0) -> int:
    """Return s = clamp(floor(log2(1 / lim)), -7 - bits, 23 - bits), lim the `quantile` of weights and bias.

    At `quantile` 1 nothing is cut but what rounds up to the limit.
    """
    parameters = np.abs(np.concatenate([weights.reshape(-1), bias.reshape(-1)]).astype(np.float64))
    largest = max(float(np.quantile(parameters, quantile)), 2.0**-30)
    return int(np.clip(np.floor(np.log2(1 / largest)), -7 - bits, 23 - bits))


def quantise_layer(weights: np.ndarray, bias: np.ndarray | None, bits: int, quantile: float = 1.0) -> QuantisedLayer:
    """Return the integers of a layer of `bits`: floor(value * 2^(bits - 1 + s) + 1/2), cut to what `bits` hold."""
    shift = widest_shift(weights, np.zeros(0) if bias is None else bias, bits, quantile)
    half, factor = 1 << (bits - 1), 2.0 ** (bits - 1 + shift)

    def whole(values: np.ndarray) -> np.ndarray:
        integers = np.floor(values.astype(np.float64) * factor + 0.5)
        return np.asarray(np.clip(integers, -half, half - 1).astype(np.int64))

    return QuantisedLayer(whole(weights), None if bias is None else whole(bias), -shift)
