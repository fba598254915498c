"""A `FloatGraph` run in torch: one function per kind of node, with a hook after each for ranges or rounding."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.quant.graph import Convolution, FloatGraph, GlobalMean, Linear, Node, Sum

Weights = Mapping[str, tuple[Tensor, Tensor]]
Hook = Callable[[str, Tensor], Tensor]
"""Takes a value's name and the value [N, C, H, W], returns what the next node shall read."""


def weights_of(graph: FloatGraph) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the (weights, bias) of every weighted node as tensors."""
    return {n.name: (torch.from_numpy(n.weights), torch.from_numpy(n.bias)) for n in graph.weighted()}


def execute(graph: FloatGraph, x: Tensor, weights: Weights, hook: Hook) -> Tensor:
    """Return the output [N, D] for `x` float [N, 3, H, W]."""
    values = {FloatGraph.INPUT: hook(FloatGraph.INPUT, x)}
    for node in graph.nodes:
        result = _compute(node, [values[name] for name in node.inputs], weights)
        values[node.name] = hook(node.name, _activated(result, node.activation))
    return values[graph.output.name].flatten(1)


def _compute(node: Node, inputs: list[Tensor], weights: Weights) -> Tensor:
    match node:
        case Convolution():
            return F.conv2d(inputs[0], *weights[node.name], node.stride, node.padding, groups=node.groups)
        case Linear():
            return F.linear(inputs[0].flatten(1), *weights[node.name])[:, :, None, None]
        case Sum():
            return inputs[0] + inputs[1]
        case GlobalMean():
            return inputs[0].mean((2, 3), keepdim=True)
    raise TypeError(node)


def _activated(x: Tensor, activation: str) -> Tensor:
    if activation == "relu6":
        return F.relu6(x)
    return F.relu(x) if activation == "relu" else x
