"""The accelerator's rounding in torch, with gradients that pass straight through."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from microface.learn.quant.graph import Average, FloatGraph, GlobalMean, Node, Sum, Weighted
from microface.learn.quant.max78000.weights import BIAS_LIMITS, limits_of

LOWEST, HIGHEST = -1.0, 127 / 128
_HALF = 0.5 / 128


class RoundedValue(torch.autograd.Function):
    """Round sums to 1/128, halves up, and cut to [-1, 127/128]; gradients pass inside that range.

    Sums are whole numbers of `unit`; they are first brought back to those, which undoes the errors of float sums.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, unit: float) -> Tensor:
        """Return `x` rounded."""
        ctx.save_for_backward((x >= LOWEST - _HALF) & (x <= HIGHEST + _HALF))
        return ((x / unit).round_().mul_(unit * 128).add_(0.5).floor_() / 128).clamp_(LOWEST, HIGHEST)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Pass the gradient of what was not cut."""
        (inside,) = ctx.saved_tensors
        return grads[0] * inside, None


class Truncated(torch.autograd.Function):
    """Cut averages of `count` values, each a whole number of 1/128, to 1/128 toward zero; gradients pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, count: int) -> Tensor:
        """Return `x` cut."""
        return ((x * (128 * count)).round_() / count).trunc_() / 128

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Pass the gradient."""
        return grads[0], None


class Whole(torch.autograd.Function):
    """Round parameters to whole steps, halves up, within limits; gradients pass but for what they push further out."""

    @staticmethod
    def forward(ctx: Any, parameter: Tensor, step: float, limits: tuple[int, int]) -> Tensor:
        """Return `parameter` rounded."""
        real = parameter / step
        ctx.save_for_backward(real)
        ctx.limits = limits
        below = real.floor()  # real + 1/2 itself may not be a float
        return (below + (real - below >= 0.5)).clamp_(*limits) * step

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """Pass the gradient, unless a step against it leads away from the range."""
        (real,), (low, high), (gradient,) = ctx.saved_tensors, ctx.limits, grads
        away = ((real > high + 0.5) & (gradient < 0)) | ((real < low - 0.5) & (gradient > 0))
        return gradient * ~away, None, None


def rounded_value(node: Node, value: Tensor, area: int) -> Tensor:
    """Return what the accelerator keeps of the `value` of `node`; `area` is the number of pixels that a mean is of."""
    match node:
        case Weighted(steps=steps):
            assert steps is not None
            return torch.as_tensor(RoundedValue.apply(value, float(steps[0]) / 128))
        case Average() | GlobalMean():
            return torch.as_tensor(Truncated.apply(value, area))
        case Sum():
            return value.clamp(LOWEST, HIGHEST)
    return value


class Arithmetic:
    """The rounding of all values and weights of a graph whose steps are chosen; a `wide` output stays as it is."""

    def __init__(self, graph: FloatGraph, wide: bool) -> None:
        self.nodes = {node.name: node for node in graph.nodes}
        self.exact = {FloatGraph.INPUT, *([graph.output.name] if wide else [])}
        self.areas = {node.name: _area(node, graph) for node in graph.nodes}

    def round(self, name: str, value: Tensor) -> Tensor:
        """Return the value `name` rounded."""
        return value if name in self.exact else rounded_value(self.nodes[name], value, self.areas[name])

    def parameters(self, name: str, weights: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return `weights` and `bias` of the node `name` rounded."""
        node = self.nodes[name]
        assert isinstance(node, Weighted) and node.steps is not None
        step = float(node.steps[0])
        return Whole.apply(weights, step, limits_of(node.bits)), Whole.apply(bias, step, BIAS_LIMITS)

    def weights(
        self, node: Node, bias: np.ndarray | None = None
    ) -> tuple[Mapping[str, tuple[Tensor, Tensor]], Mapping[str, tuple[Tensor, Tensor]]]:
        """Return the parameters of `node` by its name as they are, and rounded; `bias` stands in for its own."""
        if not isinstance(node, Weighted):
            return {}, {}
        own = torch.from_numpy(node.weights), torch.from_numpy(node.bias if bias is None else bias)
        return {node.name: own}, {node.name: self.parameters(node.name, *own)}


def _area(node: Node, graph: FloatGraph) -> int:
    if isinstance(node, Average):
        return node.size[0] * node.size[1]
    _, rows, columns = graph.shape_of(node.inputs[0])
    return rows * columns
