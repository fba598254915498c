"""What a network costs before it is lowered: multiply-accumulates and weights, without computing anything."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from microface.learn.nets.registry import NetworkOptions, build


@dataclass(frozen=True)
class Size:
    """Multiply-accumulates of one inference; weights of all layers, and their biases with batch norms folded in."""

    macs: int
    weights: int
    biases: int

    @property
    def parameters(self) -> int:
        """Weights and biases, as a chip stores them."""
        return self.weights + self.biases


def empty_size(family: str, options: NetworkOptions) -> Size:
    """Return the size of a network of `family`, for which no memory is taken."""
    with torch.device("meta"):
        return size_of(build(family, options), options)


def size_of(network: nn.Module, options: NetworkOptions) -> Size:
    """Return the size of `network`, built on the device `meta`, for crops of its `input_size`."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    macs: list[int] = []
    hooks = [layer.register_forward_hook(lambda *seen: macs.append(_macs(*seen))) for layer in layers]
    network.eval()(torch.zeros(1, 3, *options.input_size, device="meta"))
    for hook in hooks:
        hook.remove()
    weights = sum(layer.weight.numel() for layer in layers)
    return Size(sum(macs), weights, sum(layer.weight.shape[0] for layer in layers))


def _macs(layer: nn.Module, _inputs: Any, output: Tensor) -> int:
    assert isinstance(layer, nn.Conv2d | nn.Linear)
    return int(output.numel() * layer.weight[0].numel())
