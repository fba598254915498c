"""A `FloatGraph` that rounds as the integer network will, so that it can be trained: step sizes are learned.

LSQ (Esser et al. 2020): one step size per value, zero points as calibrated; one step size per output channel of the
weights. Steps are learned as factors of those that the training starts with, so one learning rate fits all. What is
trained is what `lower` then rounds in the same way.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from microface.learn.quant.calibrate import Affine, Quantisable
from microface.learn.quant.execute import execute
from microface.learn.quant.graph import FloatGraph, Node
from microface.learn.quant.rounded import Rounded
from microface.learn.quant.weights import limits_of, steps_of

_SLOPES = (-2.0, 2.0 - 2.0**-14)
"""What the operator holds; rounding to 2^-14 is not simulated."""


class RoundedWeights(torch.autograd.Function):
    """Round each output channel's weights [O, ...] to whole steps [O] of what `bits` hold; gradients as LSQ's."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, steps: Tensor, bits: int) -> Tensor:
        """Return `weights` rounded."""
        low, high = limits_of(bits)
        spread = steps.view(-1, *[1] * (weights.ndim - 1))
        real = weights / spread
        whole = real.round().clamp_(low, high)
        ctx.save_for_backward(real, whole)
        ctx.high = high
        return whole * spread

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        """A weight inside the range passes its gradient; the step gets the rounding error, or the range's end."""
        real, whole = ctx.saved_tensors
        inside = (real - whole).abs() <= 0.5
        step = (grads[0] * torch.where(inside, whole - real, whole)).flatten(1).sum(1)
        return grads[0] * inside, step / (ctx.high * real[0].numel()) ** 0.5, None


class QuantisedNetwork(nn.Module):
    """A graph as a module that computes with rounded weights and values; maps [N, 3, H, W] to [N, D].

    Only the nodes in `rounding` are rounded: all of them unless a schedule says otherwise.
    """

    def __init__(self, graph: FloatGraph, quantisations: Mapping[str, Affine]) -> None:
        super().__init__()
        self.graph, self.start = graph, dict(quantisations)
        self.groups = graph.groups()
        self.fused = {prelu.name for prelu in graph.fused().values()}
        self.rounding = {node.name for node in graph.nodes}
        weighted = {node.name: node for node in graph.weighted()}
        self.bits = {name: node.bits for name, node in weighted.items()}
        self.weights = nn.ParameterDict({name: torch.tensor(node.weights) for name, node in weighted.items()})
        self.biases = nn.ParameterDict({name: torch.tensor(node.bias) for name, node in weighted.items()})
        self.slopes = nn.ParameterDict({node.name: torch.tensor(node.slopes) for node in graph.prelus()})
        self.factors = nn.ParameterDict({f"{name}_w": torch.ones(len(node.bias)) for name, node in weighted.items()})
        self.factors.update({name: torch.ones(()) for name in self._learned()})
        for name, node in weighted.items():
            self.register_buffer(f"{name}_steps", torch.tensor(steps_of(node)).float())
        for name in self._learned():
            self.register_buffer(f"{name}_scale", torch.tensor(quantisations[name].scale, dtype=torch.float32))
            self.register_buffer(f"{name}_zero", torch.tensor(quantisations[name].zero_point, dtype=torch.int32))

    def _learned(self) -> list[str]:
        """Return the values whose scales are learned: the first of each group, without the input's."""
        return [name for name in dict.fromkeys(self.groups.values()) if name != FloatGraph.INPUT]

    def forward(self, x: Tensor) -> Tensor:
        """Return the embeddings of inputs `x`."""
        used: dict[str, tuple[Tensor, ...]] = {n: (self._weights(n), bias) for n, bias in self.biases.items()}
        used |= {name: (self._slopes(name),) for name in self.slopes}
        return execute(self.graph, x, used, self._value)

    def _slopes(self, name: str) -> Tensor:
        return self.slopes[name] if name in self.fused else self.slopes[name].clamp(*_SLOPES)

    def _weights(self, name: str) -> Tensor:
        if name not in self.rounding:
            return self.weights[name]
        return RoundedWeights.apply(self.weights[name], self._steps(name), self.bits[name])

    def _steps(self, name: str) -> Tensor:
        return self.get_buffer(f"{name}_steps") * self.factors[f"{name}_w"]

    def _scale(self, first: str) -> Tensor:
        return self.get_buffer(f"{first}_scale") * self.factors[first]

    def _value(self, name: str, value: Tensor) -> Tensor:
        first = self.groups.get(name, FloatGraph.INPUT)
        if first == FloatGraph.INPUT or name not in self.rounding:
            return value
        return Rounded.apply(value, self._scale(first), self.get_buffer(f"{first}_zero"))

    def result(self) -> Quantisable:
        """Return the trained graph and quantisations, ready for `lower`."""
        nodes: dict[str, Node] = {
            node.name: replace(
                node,
                weights=_array(self.weights[node.name]),
                bias=_array(self.biases[node.name]),
                steps=_array(self._steps(node.name)).astype(np.float64),
            )
            for node in self.graph.weighted()
        }
        nodes |= {node.name: replace(node, slopes=_array(self._slopes(node.name))) for node in self.graph.prelus()}
        scales = {first: float(_array(self._scale(first))) for first in self._learned()}
        learned = {
            name: Affine(scales[first], self.start[name].zero_point)
            for name, first in self.groups.items()
            if first in scales
        }
        return self.graph.changed(nodes), {**self.start, **learned}


def _array(parameter: Tensor) -> np.ndarray:
    return parameter.detach().cpu().numpy().astype(np.float32)
