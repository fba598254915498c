"""Muon: the momentum of a layer's weights, made orthogonal, is the step; for dense layers inside a network.

K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024. Steps have the size of AdamW's by the
factor of J. Liu et al., "Muon is Scalable for LLM Training", 2025 (arXiv:2502.16982), so one rate and one decay serve
both.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
_MOMENTUM = 0.95
_RMS = 0.2
"""Root mean square of AdamW's steps, in parts of the rate."""


class Muon(torch.optim.Optimizer):
    """Changes weights [outputs, inputs, ...], each seen as a matrix of a row for every output."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Change the weights by their gradients."""
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    self._change(weights, group["lr"], group["weight_decay"])

    def _change(self, weights: Tensor, rate: float, decay: float) -> None:
        state, gradient = self.state[weights], weights.grad
        assert gradient is not None
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weights)
        momentum = state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        matrix = gradient.lerp(momentum, _MOMENTUM).flatten(1)
        weights.mul_(1 - rate * decay)
        weights.add_(orthogonal(matrix).view_as(weights), alpha=-rate * _RMS * max(matrix.shape) ** 0.5)


def orthogonal(matrix: Tensor) -> Tensor:
    """Return nearly the orthogonal matrix nearest to `matrix` [rows, columns], by Newton-Schulz rounds.

    Its singular values lie between 0.6 and 1.3, whatever those of `matrix` (zeros stay zeros).
    """
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x
