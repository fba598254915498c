"""From a torch module to a `FloatGraph`: traced, batch norms folded, activations fused, views dropped."""

import operator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from microface.errors import UserError
from microface.learn.nets.layers import FitMap
from microface.learn.quant.graph import Convolution, FloatGraph, GlobalMean, Linear, Node, Shape, Sum

_VIEWS = (FitMap, nn.Flatten, nn.Identity, nn.Dropout)
_ACTIVATIONS = {nn.ReLU: "relu", nn.ReLU6: "relu6"}
_ADDS = (operator.add, operator.iadd, torch.add)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, FitMap) or super().is_leaf_module(m, module_qualified_name)


def trace(network: nn.Module, resolution: int, name: str) -> FloatGraph:
    """Return the graph of `network` (in evaluation mode) for crops of `resolution` x `resolution` pixels.

    A layer that no integer operator stands for is a `UserError` that names it.
    """
    network = network.eval()
    module = fx.GraphModule(network, _Tracer().trace(network))
    with torch.no_grad():
        ShapeProp(module).propagate(torch.zeros(1, 3, resolution, resolution))
    return _Translation(module, (3, resolution, resolution)).graph(name)


class _Translation:
    """Walks the traced nodes once; `names` maps a traced node to the value that holds its result."""

    def __init__(self, module: fx.GraphModule, input_shape: Shape) -> None:
        self.module, self.input_shape = module, input_shape
        self.layers = dict(module.named_modules())
        self.nodes: dict[str, Node] = {}
        self.names: dict[fx.Node, str] = {}

    def graph(self, name: str) -> FloatGraph:
        """Return the whole graph."""
        for node in self.module.graph.nodes:
            if node.op == "placeholder":
                self.names[node] = FloatGraph.INPUT
            elif node.op != "output":
                self._take(node)
        return FloatGraph(name, self.input_shape, tuple(self.nodes.values()))

    def _take(self, node: fx.Node) -> None:
        layer = self.layers.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(layer, nn.Conv2d | nn.Linear):
            self._append(node, _weighted(layer, _plain(str(node.target)), self._inputs(node), _shape(node)))
        elif isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
            self._change(node, lambda before: _folded(before, layer))
        elif type(layer) in _ACTIVATIONS:
            self._change(node, lambda before: replace(before, activation=_ACTIVATIONS[type(layer)]))
        elif isinstance(layer, _VIEWS) or node.target in (torch.flatten, "flatten"):
            self.names[node] = self.names[node.all_input_nodes[0]]
        elif node.target in _ADDS:
            self._append(node, Sum(_scope(node, "add"), self._inputs(node), _shape(node)))
        elif node.target in ("mean", torch.mean):
            self._append(node, GlobalMean("mean", self._inputs(node), _shape(node)))
        else:
            raise UserError(f"layer {node.target}", "has no integer operator", "build it of layers that lower")

    def _inputs(self, node: fx.Node) -> tuple[str, ...]:
        return tuple(self.names[source] for source in node.all_input_nodes)

    def _append(self, node: fx.Node, translated: Node) -> None:
        unique = translated.name
        while unique in self.nodes:
            unique += "_"
        self.nodes[unique] = replace(translated, name=unique)
        self.names[node] = unique

    def _change(self, node: fx.Node, change: Any) -> None:
        """Fuse batch norm or activation into the node before, which nothing else may read."""
        (source,) = node.all_input_nodes
        name = self.names[source]
        if len(source.users) != 1 or name not in self.nodes or self.nodes[name].activation:
            raise UserError(f"layer {node.target}", "cannot be fused into the layer before", "put it right behind one")
        self.nodes[name] = change(self.nodes[name])
        self.names[node] = name


def _weighted(layer: nn.Conv2d | nn.Linear, name: str, inputs: tuple[str, ...], shape: Shape) -> Node:
    weights = layer.weight.detach().numpy().astype(np.float32)
    bias = np.zeros(len(weights), np.float32) if layer.bias is None else layer.bias.detach().numpy()
    if isinstance(layer, nn.Linear):
        return Linear(name, inputs, shape, weights=weights, bias=bias)
    if layer.dilation != (1, 1) or isinstance(layer.padding, str) or layer.groups not in (1, layer.out_channels):
        raise UserError(f"layer {name}", "is dilated, grouped or padded oddly", "use plain or depthwise layers")
    stride, padding = _pair(layer.stride), _pair(layer.padding)
    return Convolution(name, inputs, shape, "", weights, bias, stride, padding, layer.groups)


def _pair(value: tuple[int, ...]) -> tuple[int, int]:
    return value[0], value[1]


def _folded(node: Node, norm: nn.BatchNorm2d | nn.BatchNorm1d) -> Node:
    """Return `node` with `norm` folded: weights * g / sqrt(v + eps), (bias - mean) * g / sqrt(v + eps) + b."""
    if not isinstance(node, Convolution | Linear):
        raise UserError("batch norm", f"behind {node.name} cannot be folded", "put it behind a weighted layer")
    assert norm.running_var is not None and norm.running_mean is not None
    factor = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().double().numpy()
    mean, shift = norm.running_mean.double().numpy(), norm.bias.detach().double().numpy()
    weights = node.weights * factor.reshape(-1, *[1] * (node.weights.ndim - 1))
    bias = (node.bias - mean) * factor + shift
    return replace(node, weights=weights.astype(np.float32), bias=bias.astype(np.float32))


def _shape(node: fx.Node) -> Shape:
    shape = tuple(node.meta["tensor_meta"].shape)[1:]
    return (*shape, 1, 1) if len(shape) == 1 else shape  # type: ignore[return-value]


def _plain(target: str) -> str:
    """Return a layer's name for people: its path without the parts that every path has."""
    skipped = {"features", "body", "conv", "linear"}
    return "_".join(part for part in target.split(".") if part not in skipped) or target.replace(".", "_")


def _scope(node: fx.Node, what: str) -> str:
    """Return a name for a node without a layer: that of the block it closes and `what`."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return f"{_plain(str(stack[-1][0]))}_{what}" if stack else what
