"""What a network costs before it is lowered: multiply-accumulates and weights, without computing anything."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from microface.learn.nets.registry import NetworkOptions, build

_FREE = (nn.BatchNorm1d, nn.BatchNorm2d, nn.PReLU, nn.ReLU, nn.ReLU6)


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
    """Return the size of a network of `family` for crops of its `input_size`; no memory is taken for it."""
    with torch.device("meta"):
        network = build(family, options).eval()
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    macs: list[int] = []
    for layer in layers:
        layer.register_forward_hook(lambda *seen: macs.append(_macs(*seen)))
    _without_free_layers(network)(torch.zeros(1, *options.input_shape, device="meta"))
    weights = sum(layer.weight.numel() for layer in layers)
    return Size(sum(macs), weights, sum(layer.weight.shape[0] for layer in layers))


def _without_free_layers(network: nn.Module) -> nn.Module:
    """Return `network` with identities for norms and activations: no cost on a chip, most of the time here."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, _FREE):
                setattr(module, name, nn.Identity())
    return network


def _macs(layer: nn.Module, _inputs: Any, output: Tensor) -> int:
    assert isinstance(layer, nn.Conv2d | nn.Linear)
    return int(output.numel() * layer.weight[0].numel())
