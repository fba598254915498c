"""Weights as integers: the step of each output channel, rounding, and how much a step's choice costs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from microface.learn.quant.calibrate import Affine
from microface.learn.quant.graph import FloatGraph, Weighted

_TINY = 1e-12
_SHRINKS = np.linspace(1.0, 0.3, 71)


@dataclass(frozen=True, eq=False)
class IntegerWeights:
    """Weights int8 in the graph's layout [O, ...], one step float64 [O] per output channel, bias int32 [O]."""

    weights: np.ndarray
    scales: np.ndarray
    bias: np.ndarray


def limits_of(bits: int) -> tuple[int, int]:
    """Return the integers that weights of `bits` may be: -127..127 for 8, all sixteen for 4."""
    return (-127, 127) if bits == 8 else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def largest_steps(weights: np.ndarray, bits: int = 8, stretch: float = 1.0) -> np.ndarray:
    """Return float64 [O]: the step that takes each output channel's largest weight to the largest integer.

    `stretch` above 1 takes smaller steps and cuts the few weights that no longer fit.
    """
    largest = np.abs(weights.reshape(len(weights), -1).astype(np.float64)).max(axis=1)
    return np.maximum(largest, _TINY) / (limits_of(bits)[1] * stretch)


def best_steps(weights: np.ndarray, bits: int) -> np.ndarray:
    """Return float64 [O]: for each output channel the step with the least mean squared error of its weights."""
    rows = weights.reshape(len(weights), -1).astype(np.float64)
    tried = largest_steps(weights, bits) * _SHRINKS[:, None]
    errors = [np.square(rounded(rows, steps, bits) * steps[:, None] - rows).sum(axis=1) for steps in tried]
    return np.asarray(np.take_along_axis(tried, np.argmin(errors, axis=0)[None], axis=0)[0])


def rounded(weights: np.ndarray, steps: np.ndarray, bits: int) -> np.ndarray:
    """Return `weights` [O, ...] in whole `steps` [O], cut to what `bits` hold; float64."""
    spread = steps.reshape(-1, *[1] * (weights.ndim - 1))
    return np.clip(np.rint(weights.astype(np.float64) / spread), *limits_of(bits))


def steps_of(node: Weighted) -> np.ndarray:
    """Return the steps float64 [O] of `node`: its own, or those that its bits ask for."""
    if node.steps is not None:
        return node.steps
    return largest_steps(node.weights) if node.bits == 8 else best_steps(node.weights, node.bits)


def with_steps(graph: FloatGraph, stretch: float = 1.0) -> FloatGraph:
    """Return `graph` with the steps of all weights chosen; `stretch` is that of `largest_steps`, for 8 bits."""
    eight = {n.name: largest_steps(n.weights, 8, stretch) for n in graph.weighted() if n.bits == 8}
    chosen: Mapping[str, Weighted] = {
        n.name: replace(n, steps=eight[n.name] if n.name in eight else steps_of(n)) for n in graph.weighted()
    }
    return graph.changed(chosen)


def real_weights(node: Weighted) -> np.ndarray:
    """Return the weights float32 [O, ...] that the integers of `node` stand for."""
    steps = steps_of(node)
    whole = rounded(node.weights, steps, node.bits)
    return np.asarray(whole * steps.reshape(-1, *[1] * (whole.ndim - 1)), np.float32)


def integer_weights(node: Weighted, source: Affine) -> IntegerWeights:
    """Return the integers of `node`, whose input is quantised by `source`."""
    scales = steps_of(node)
    weights = rounded(node.weights, scales, node.bits).astype(np.int8)
    bias = np.rint(node.bias.astype(np.float64) / (scales * source.scale))
    return IntegerWeights(weights, scales, np.clip(bias, -(2**31) + 1, 2**31 - 1).astype(np.int32))
