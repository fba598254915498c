"""What single torch layers become in a `FloatGraph`: weights, batch norms, windows, names."""

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import torch
from torch import fx, nn

from microface.errors import UserError
from microface.learn.quant.graph import Average, Convolution, GlobalMean, Linear, Maximum, Node, Prelu, Shape, Weighted

Pair = tuple[int, int]
Around = tuple[int, int, int, int]
Pools: TypeAlias = nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d


def weighted(layer: nn.Conv2d | nn.Linear, name: str, inputs: tuple[str, ...], shape: Shape) -> Node:
    """Return the node of a convolution or linear layer."""
    weights = layer.weight.detach().numpy().astype(np.float32)
    bias = np.zeros(len(weights), np.float32) if layer.bias is None else layer.bias.detach().numpy()
    if isinstance(layer, nn.Linear):
        return Linear(name, inputs, shape, weights=weights, bias=bias)
    if layer.dilation != (1, 1) or isinstance(layer.padding, str) or layer.groups not in (1, layer.out_channels):
        raise UserError(f"layer {name}", "is dilated, grouped or padded oddly", "use plain or depthwise layers")
    stride, padding = _pair(layer.stride), _pair(layer.padding)
    return Convolution(name, inputs, shape, "", weights, bias, stride, padding, layer.groups)


def bent(layer: nn.PReLU, name: str, inputs: tuple[str, ...], shape: Shape) -> Node:
    """Return the node of a PReLU; one slope for all is one for each channel."""
    slopes = layer.weight.detach().numpy().astype(np.float32)
    return Prelu(name, inputs, shape, slopes=np.array(np.broadcast_to(slopes, shape[0])))


def pooled(layer: Pools, name: str, inputs: tuple[str, ...], source: Shape, shape: Shape) -> Node:
    """Return the node of a pool from maps of shape `source` to `shape`."""
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        if shape[1:] != (1, 1):
            raise UserError(f"layer {name}", "adapts to a map", "let it adapt to 1 x 1, or give a window")
        return GlobalMean(name, inputs, shape)
    size, stride, padding = (_pair(value) for value in (layer.kernel_size, layer.stride, layer.padding))
    moves = _moves(source, shape, size, stride, padding)
    if isinstance(layer, nn.MaxPool2d):
        if _pair(layer.dilation) != (1, 1) or layer.return_indices:
            raise UserError(f"layer {name}", "is dilated or returns places", "use a plain maximum")
        return Maximum(name, inputs, shape, "", *moves)
    if (layer.count_include_pad and any(moves[2])) or layer.divisor_override:
        raise UserError(f"layer {name}", "averages padding, too", "set count_include_pad=False")
    whole = source[1:] == size and shape[1:] == (1, 1)
    return GlobalMean(name, inputs, shape) if whole else Average(name, inputs, shape, "", *moves)


def _moves(source: Shape, shape: Shape, size: Pair, stride: Pair, padding: Pair) -> tuple[Pair, Pair, Around]:
    """Return size, stride and the padding on all four sides; more of it below and right where maps are rounded up."""
    after = [max(0, (shape[i + 1] - 1) * stride[i] + size[i] - source[i + 1] - padding[i]) for i in (0, 1)]
    return size, stride, (padding[0], after[0], padding[1], after[1])


def _pair(value: int | tuple[int, ...]) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def folded(node: Node, norm: nn.BatchNorm2d | nn.BatchNorm1d) -> Node:
    """Return `node` with `norm` folded: weights * g / sqrt(v + eps), (bias - mean) * g / sqrt(v + eps) + b."""
    if not isinstance(node, Weighted):
        raise UserError("batch norm", f"behind {node.name} cannot be folded", "put it behind a weighted layer")
    assert norm.running_var is not None and norm.running_mean is not None
    factor = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().double().numpy()
    mean, shift = norm.running_mean.double().numpy(), norm.bias.detach().double().numpy()
    weights = node.weights * factor.reshape(-1, *[1] * (node.weights.ndim - 1))
    bias = (node.bias - mean) * factor + shift
    return replace(node, weights=weights.astype(np.float32), bias=bias.astype(np.float32))


def shape_of(node: fx.Node) -> Shape:
    """Return the shape of a traced value without its batch axis, (C, 1, 1) for a vector."""
    shape = tuple(node.meta["tensor_meta"].shape)[1:]
    return (*shape, 1, 1) if len(shape) == 1 else shape  # type: ignore[return-value]


def plain(target: str) -> str:
    """Return a layer's name for people: its path without the parts that every path has."""
    skipped = {"features", "body", "conv", "linear"}
    return "_".join(part for part in target.split(".") if part not in skipped) or target.replace(".", "_")


def scope(node: fx.Node, what: str) -> str:
    """Return a name for a node without a layer: that of the block it closes and `what`."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return f"{plain(str(stack[-1][0]))}_{what}" if stack else what
