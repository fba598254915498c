"""The two integer arithmetics that a graph is lowered to: ours rounds once, TFLite's as its reference kernels do."""

import math
from functools import lru_cache
from typing import Protocol

import numpy as np

from microface.learn.quant.calibrate import Affine
from microface.learn.quant.graph import Rounding
from microface.network import Tensor
from microface.network.ops import Add, AveragePool, Mean, Operator, Prelu, Window
from microface.network.ops.tflite import TfliteAdd, TfliteAveragePool, TfliteMean, TflitePrelu
from microface.network.ops.tflite.add import sum_factors
from microface.network.ops.tflite.mean import mean_factor
from microface.network.requantise import DoubleRounding, HighMul, HighMulPrelu, Requantise, SingleRounding

Cut = tuple[int, int]
"""The least and the greatest output integer."""
_FINE = 20
_NEIGHBOURS = 16


class Arithmetic(Protocol):
    """What `lower` asks an arithmetic for; the operators' inputs and outputs are named by their tensors."""

    def kept(self, affine: Affine) -> Affine:
        """Return the quantisation as the integer network keeps it."""

    def limits(self, activation: str, affine: Affine) -> Cut:
        """Return the integers that a fused `activation` cuts at."""

    def rule(
        self, source: Affine, steps: np.ndarray, output: Affine, cut: Cut, dense: bool, slopes: np.ndarray | None
    ) -> Requantise:
        """Return the requantisation of sums of input times weights, whose `steps` are float64 [O].

        `slopes` [O] are those of the PReLU that it takes in, None without one.
        """

    def add(self, name: str, first: Tensor, second: Tensor, output: Tensor, cut: Cut) -> Operator:
        """Return the sum of two tensors."""

    def prelu(self, name: str, source: Tensor, output: Tensor, slopes: np.ndarray) -> Operator:
        """Return the PReLU with `slopes` [C]; source and output have one quantisation."""

    def mean(self, name: str, source: Tensor, output: Tensor) -> Operator:
        """Return the mean over rows and columns."""

    def average(self, name: str, source: Tensor, output: Tensor, window: Window) -> Operator:
        """Return the average over each window's real pixels."""


def limits(activation: str, affine: Affine) -> Cut:
    """Return the integers (lo, hi) that a fused `activation` cuts at in our own arithmetic."""
    if not activation:
        return -128, 127
    high = 127 if activation == "relu" else min(127, int(np.rint(6 / affine.scale)) + affine.zero_point)
    return max(-128, affine.zero_point), high


def agreed_steps(source: Affine, steps: np.ndarray, output: Affine) -> np.ndarray:
    """Return float32 [O]: the steps of a dense layer's weights, or neighbours of them.

    LiteRT multiplies a dense layer's sums in float64. With these steps the integers of `SingleRounding` give the same
    for every sum, so that the network has no floating point.
    """
    return np.array([_agreed(source.scale, float(step), output.scale) for step in steps], np.float32)


@lru_cache(maxsize=1 << 16)
def _agreed(before: float, step: float, after: float) -> float:
    below = above = np.float32(step)
    for _ in range(_NEIGHBOURS):
        for near in (below, above):
            factor = np.array([before * float(near) / after])
            if SingleRounding.from_scales(factor, -128).equals_real(factor):
                return float(near)
        below, above = np.nextafter(below, np.float32(0)), np.nextafter(above, np.float32(np.inf))
    return float(np.float32(step))


class Once:
    """Our own arithmetic (the contract): one rounding in each operator, halves up."""

    def kept(self, affine: Affine) -> Affine:
        """Return it as it is: scales are float64."""
        return affine

    def limits(self, activation: str, affine: Affine) -> Cut:
        """Return `limits`."""
        return limits(activation, affine)

    def rule(
        self, source: Affine, steps: np.ndarray, output: Affine, cut: Cut, dense: bool, slopes: np.ndarray | None
    ) -> Requantise:
        """Return one high multiply; with a PReLU there are two factors to choose from."""
        scales = steps * source.scale / output.scale
        if slopes is not None:
            return HighMulPrelu.from_scales(scales, slopes, output.zero_point, *cut)
        return HighMul.from_scales(scales, output.zero_point, *cut)

    def add(self, name: str, first: Tensor, second: Tensor, output: Tensor, cut: Cut) -> Operator:
        """Return ADD."""
        return Add.between(name, first, second, output, *cut)

    def prelu(self, name: str, source: Tensor, output: Tensor, slopes: np.ndarray) -> Operator:
        """Return PRELU."""
        return Prelu.with_slopes(name, source.name, output.name, slopes)

    def mean(self, name: str, source: Tensor, output: Tensor) -> Operator:
        """Return MEAN."""
        return Mean.between(name, source, output)

    def average(self, name: str, source: Tensor, output: Tensor, window: Window) -> Operator:
        """Return AVERAGE_POOL_2D, with a factor for every number of real pixels."""
        return AveragePool.between(name, source, output, window)


class TfliteReference:
    """LiteRT's reference kernels (BUILTIN_REF): scales are float32, and every operator rounds as its kernel does."""

    def kept(self, affine: Affine) -> Affine:
        """Return it with the scale that a file holds."""
        return Affine(float(np.float32(affine.scale)), affine.zero_point)

    def limits(self, activation: str, affine: Affine) -> Cut:
        """Return the ends as CalculateActivationRangeQuantized has them: 6 / scale in float32, halves up."""
        low, high = limits(activation, affine)
        steps = math.floor(float(np.float32(6) / np.float32(affine.scale)) + 0.5)
        return low, min(127, steps + affine.zero_point) if activation == "relu6" else high

    def rule(
        self, source: Affine, steps: np.ndarray, output: Affine, cut: Cut, dense: bool, slopes: np.ndarray | None
    ) -> Requantise:
        """Return two roundings, or the single one of FULLY_CONNECTED; a PReLU is an operator of its own."""
        assert slopes is None
        kept = agreed_steps(source, steps, output) if dense else steps
        scales = source.scale * kept.astype(np.float32).astype(np.float64) / output.scale
        return (SingleRounding if dense else DoubleRounding).from_scales(scales, output.zero_point, *cut)

    def add(self, name: str, first: Tensor, second: Tensor, output: Tensor, cut: Cut) -> Operator:
        """Return ADD by way of a common fine scale."""
        scales = np.float32(first.scale), np.float32(second.scale), np.float32(output.scale)
        factors = sum_factors(*scales, _FINE)
        return TfliteAdd(name, (first.name, second.name), output.name, *factors, _FINE, output.zero_point, *cut)

    def prelu(self, name: str, source: Tensor, output: Tensor, slopes: np.ndarray) -> Operator:
        """Return PRELU: slopes of 8 bits with one scale."""
        return TflitePrelu.with_slopes(name, source, output, slopes)

    def mean(self, name: str, source: Tensor, output: Tensor) -> Operator:
        """Return MEAN, whose division joins the multiplier."""
        factor = mean_factor(source.scale / output.scale, source.shape[0] * source.shape[1])
        return TfliteMean(name, (source.name,), output.name, (0, 1), factor, output.zero_point, -128, 127)

    def average(self, name: str, source: Tensor, output: Tensor, window: Window) -> Operator:
        """Return AVERAGE_POOL_2D, a plain division."""
        sides = window.size, window.stride, window.padding
        return TfliteAveragePool(name, (source.name,), output.name, *sides, -128, 127)


ARITHMETICS: dict[Rounding, Arithmetic] = {"once": Once(), "tflite": TfliteReference()}
