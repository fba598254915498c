"""Quantisation-aware training: the folded graph with rounded weights and values, whose step sizes are learned.

Values: LSQ (Esser et al. 2020), one step size per value, zero points as calibrated. Weights: one step size per output
channel that takes the largest weight to 127. What is trained is what `lower` then rounds in the same way.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from microface.learn.quant.calibrate import Affine
from microface.learn.quant.execute import execute
from microface.learn.quant.graph import FloatGraph


class _Rounded(torch.autograd.Function):
    """Round `x` to scale * (integer - zero_point), integers -128..127, and pass gradients as LSQ does."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, zero_point: int) -> Tensor:
        ctx.save_for_backward(x, scale)
        ctx.zero_point = zero_point
        return torch.fake_quantize_per_tensor_affine(x, float(scale), zero_point, -128, 127)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        """Inside the range x passes its gradient; the step gets the rounding error, outside the end of the range."""
        x, scale = ctx.saved_tensors
        (gradient,), zero = grads, ctx.zero_point
        real = x / scale
        cut = real.round().clamp(-128 - zero, 127 - zero)
        inside = (real >= -128 - zero) & (real <= 127 - zero)
        step = (gradient * torch.where(inside, cut - real, cut)).sum() / (127 * x.numel()) ** 0.5
        return gradient * inside, step, None


class _RoundedWeights(torch.autograd.Function):
    """Round each output channel's weights to its own 127 steps; the gradient passes unchanged."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor) -> Tensor:
        largest = weights.flatten(1).abs().amax(1).clamp_min(1e-12) / 127
        scale = largest.view(-1, *[1] * (weights.ndim - 1))
        return (weights / scale).round() * scale

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0]


class QuantisedNetwork(nn.Module):
    """`graph` as a module that computes with rounded weights and values; maps [N, 3, H, W] to [N, D]."""

    def __init__(self, graph: FloatGraph, quantisations: Mapping[str, Affine]) -> None:
        super().__init__()
        self.graph, self.start = graph, dict(quantisations)
        self.weights = nn.ParameterDict({n.name: torch.from_numpy(n.weights.copy()) for n in graph.weighted()})
        self.biases = nn.ParameterDict({n.name: torch.from_numpy(n.bias.copy()) for n in graph.weighted()})
        learned = {name: affine for name, affine in quantisations.items() if name != FloatGraph.INPUT}
        self.scales = nn.ParameterDict({name: torch.tensor(affine.scale) for name, affine in learned.items()})

    def forward(self, x: Tensor) -> Tensor:
        """Return the embeddings of inputs `x`."""
        rounded = {n: (_RoundedWeights.apply(w), self.biases[n]) for n, w in self.weights.items()}
        return execute(self.graph, x, rounded, self._rounded)

    def _rounded(self, name: str, value: Tensor) -> Tensor:
        if name == FloatGraph.INPUT:
            return value
        return _Rounded.apply(value, self.scales[name], self.start[name].zero_point)  # type: ignore[no-any-return]

    def result(self) -> tuple[FloatGraph, dict[str, Affine]]:
        """Return the trained graph and quantisations, ready for `lower`."""
        arrays = {n: (_array(w), _array(self.biases[n])) for n, w in self.weights.items()}
        learned = {n: Affine(float(s.detach()), self.start[n].zero_point) for n, s in self.scales.items()}
        return self.graph.with_weights(arrays), {**self.start, **learned}


def _array(parameter: Tensor) -> np.ndarray:
    return parameter.detach().numpy().astype(np.float32)
