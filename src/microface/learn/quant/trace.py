"""From a torch module to a `FloatGraph`: traced, batch norms folded, activations fused, views dropped."""

import operator
from dataclasses import replace

import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn.nets.layers import FitMap
from microface.learn.quant.graph import FloatGraph, GlobalMean, Join, Node, Shape, Sum, Weighted
from microface.learn.quant.layers import Pools, bent, folded, plain, pooled, scope, shape_of, weighted

_VIEWS = (FitMap, nn.Flatten, nn.Identity, nn.Dropout)
_ACTIVATIONS = {nn.ReLU: "relu", nn.ReLU6: "relu6"}
_ACTIVATING = {F.relu: "relu", torch.relu: "relu", "relu": "relu", F.relu6: "relu6"}
_ADDS = (operator.add, operator.iadd, torch.add)
_FLAT = (torch.flatten, "flatten")
_JOINS = (torch.cat, torch.concat)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, FitMap | nn.PReLU) or super().is_leaf_module(m, module_qualified_name)


def trace(network: nn.Module, input_size: int | tuple[int, int], name: str, channels: int = 3) -> FloatGraph:
    """Return the graph of `network` (in evaluation mode) for crops of `input_size`: (height, width) or a square's side.

    `channels` are those of what it reads: more than 3 where pixels are folded into them. A layer that no integer
    operator stands for is a `UserError` that names it.
    """
    network = network.eval()
    height, width = (input_size, input_size) if isinstance(input_size, int) else input_size
    module = fx.GraphModule(network, _Tracer().trace(network))
    with torch.no_grad():
        ShapeProp(module).propagate(torch.zeros(1, channels, height, width))
    return _Translation(module, (channels, height, width)).graph(name)


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
            elif node.op == "call_module":
                self._layer(node, self.layers[str(node.target)])
            elif node.op != "output":
                self._call(node)
        return FloatGraph(name, self.input_shape, tuple(self.nodes.values()))

    def _layer(self, node: fx.Node, layer: nn.Module) -> None:
        name = plain(str(node.target))
        if isinstance(layer, nn.Conv2d | nn.Linear):
            self._append(node, weighted(layer, name, self._inputs(node), shape_of(node)))
        elif isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
            self._change(node, folded(self._before(node), layer))
        elif type(layer) in _ACTIVATIONS:
            self._activate(node, _ACTIVATIONS[type(layer)])
        elif isinstance(layer, nn.PReLU):
            self._append(node, bent(layer, name, self._inputs(node), shape_of(node)))
        elif isinstance(layer, _VIEWS):
            self.names[node] = self.names[node.all_input_nodes[0]]
        elif isinstance(layer, Pools):
            source = shape_of(node.all_input_nodes[0])
            self._append(node, pooled(layer, name, self._inputs(node), source, shape_of(node)))
        else:
            raise _unknown(node)

    def _call(self, node: fx.Node) -> None:
        if node.target in _FLAT:
            self.names[node] = self.names[node.all_input_nodes[0]]
        elif node.target in _ACTIVATING:
            self._activate(node, _ACTIVATING[node.target])
        elif node.target in _ADDS:
            self._append(node, Sum(scope(node, "add"), self._inputs(node), shape_of(node)))
        elif node.target in ("mean", torch.mean):
            self._append(node, GlobalMean("mean", self._inputs(node), shape_of(node)))
        elif node.target in _JOINS and (*node.args[1:], *node.kwargs.values()) == (1,):
            self._join(node)
        else:
            raise _unknown(node)

    def _join(self, node: fx.Node) -> None:
        """Append joins of two values at a time, as the operator has them."""
        first, *others = self._inputs(node)
        _, rows, columns = shape_of(node)
        channels = [
            self.nodes[name].shape[0] if name in self.nodes else self.input_shape[0] for name in (first, *others)
        ]
        for number, other in enumerate(others, 2):
            shape = (sum(channels[:number]), rows, columns)
            self._append(node, Join(scope(node, "join"), (first, other), shape))
            first = self.names[node]

    def _inputs(self, node: fx.Node) -> tuple[str, ...]:
        return tuple(self.names[source] for source in node.all_input_nodes)

    def _append(self, node: fx.Node, translated: Node) -> None:
        unique = translated.name
        while unique in self.nodes:
            unique += "_"
        self.nodes[unique] = replace(translated, name=unique)
        self.names[node] = unique

    def _before(self, node: fx.Node) -> Node:
        """Return the node that `node` is to be fused into, which nothing else may read."""
        (source,) = node.all_input_nodes
        name = self.names[source]
        if len(source.users) != 1 or name not in self.nodes or self.nodes[name].activation:
            raise UserError(f"layer {node.target}", "cannot be fused into the layer before", "put it right behind one")
        return self.nodes[name]

    def _activate(self, node: fx.Node, activation: str) -> None:
        before = self._before(node)
        if not isinstance(before, Weighted | Sum):
            raise UserError(f"layer {node.target}", f"stands behind {before.name}", "put it behind a weighted layer")
        self._change(node, replace(before, activation=activation))

    def _change(self, node: fx.Node, fused: Node) -> None:
        self.nodes[fused.name] = fused
        self.names[node] = fused.name


def _unknown(node: fx.Node) -> UserError:
    return UserError(f"layer {node.target}", "has no integer operator", "build it of layers that lower")
