"""A `FloatGraph` run in torch: one function per kind of node, with a hook after each for ranges or rounding."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.nets.layers import prelu
from microface.learn.quant.graph import (
    Average,
    Convolution,
    FloatGraph,
    GlobalMean,
    Join,
    Linear,
    Maximum,
    Node,
    Pool,
    Prelu,
    Sum,
)

Weights = Mapping[str, tuple[Tensor, ...]]
"""(weights, bias) by node; (slopes,) of a PReLU whose own are not to be used."""
Hook = Callable[[str, Tensor], Tensor]
"""Takes a value's name and the value [N, C, H, W], returns what the next node shall read."""


def weights_of(graph: FloatGraph) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the (weights, bias) of every weighted node as tensors."""
    return {n.name: (torch.from_numpy(n.weights), torch.from_numpy(n.bias)) for n in graph.weighted()}


def execute(graph: FloatGraph, x: Tensor, weights: Weights, hook: Hook) -> Tensor:
    """Return the output [N, D] for `x` float [N, 3, H, W]; a value is dropped as soon as nothing reads it any more."""
    values, spent = {FloatGraph.INPUT: hook(FloatGraph.INPUT, x)}, graph.spent()
    for node in graph.nodes:
        result = compute(node, [values[name] for name in node.inputs], weights)
        values[node.name] = hook(node.name, activated(result, node.activation))
        for name in spent[node.name]:
            del values[name]
    return values[graph.output.name].flatten(1)


def compute(node: Node, inputs: list[Tensor], weights: Weights) -> Tensor:
    """Return what `node` makes of its inputs [N, C, H, W], before its activation."""
    x, result = inputs[0], None
    match node:
        case Convolution():
            result = F.conv2d(x, *weights[node.name], node.stride, node.padding, groups=node.groups)
        case Linear():
            result = F.linear(x.flatten(1), *weights[node.name])[:, :, None, None]
        case Prelu():
            result = prelu(x, *weights.get(node.name, (torch.from_numpy(node.slopes).to(x.device),)))
        case Sum():
            result = x + inputs[1]
        case GlobalMean():
            result = x.mean((2, 3), keepdim=True)
        case Maximum():
            result = F.max_pool2d(padded(x, node, -torch.inf), node.size, node.stride)
        case Average():
            result = windows_sum(x, node) / real_pixels(x, node)
        case Join():
            result = torch.cat(inputs, 1)
    if result is None:
        raise TypeError(node)
    return result


def padded(x: Tensor, pool: Pool, fill: float) -> Tensor:
    """Return `x` [N, C, H, W] with `fill` around it as `pool` wants."""
    above, below, left, right = pool.padding
    return F.pad(x, (left, right, above, below), value=fill) if any(pool.padding) else x


def windows_sum(x: Tensor, pool: Pool) -> Tensor:
    """Return the sum over each window of `pool` [N, C, OH, OW]."""
    return F.avg_pool2d(padded(x, pool, 0.0), pool.size, pool.stride, divisor_override=1)


def real_pixels(x: Tensor, pool: Pool) -> Tensor:
    """Return how many pixels of each window of `pool` lie in `x`, [1, 1, OH, OW]."""
    return windows_sum(torch.ones_like(x[:1, :1]), pool)


def activated(x: Tensor, activation: str) -> Tensor:
    """Return `x` after `activation`: "", "relu" or "relu6"."""
    if activation == "relu6":
        return F.relu6(x)
    return F.relu(x) if activation == "relu" else x
