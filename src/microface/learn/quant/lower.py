"""From a float graph and the quantisation of its values to the integer network that ships."""

from collections.abc import Mapping

import numpy as np

from microface.learn.quant.calibrate import Affine
from microface.learn.quant.graph import (
    Average,
    Convolution,
    FloatGraph,
    GlobalMean,
    Join,
    Linear,
    Maximum,
    Node,
    Prelu,
    Shape,
    Sum,
    Weighted,
)
from microface.learn.quant.rounding import ARITHMETICS
from microface.learn.quant.weights import integer_weights
from microface.network import IntegerNetwork, Tensor
from microface.network.ops import Concat, Conv2D, Dense, DepthwiseConv2D, MaxPool, Operator, Window


def lower(graph: FloatGraph, quantisations: Mapping[str, Affine]) -> IntegerNetwork:
    """Return the integer network of `graph`, in its rounding; its tensors have the names of the graph's values.

    A node whose accumulator may overflow is a `UserError` (the network proves every bound when it is made).
    """
    lowering, fused = _Lowering(graph, quantisations), graph.fused()
    operators = tuple(lowering.operator(node) for node in graph.nodes if node.name not in fused)
    return IntegerNetwork(graph.name, lowering.tensors, operators, (FloatGraph.INPUT,), (graph.output.name,))


class _Lowering:
    """Makes operators of the nodes of `graph`; a layer with a fused PReLU is made in the PReLU's place."""

    def __init__(self, graph: FloatGraph, quantisations: Mapping[str, Affine]) -> None:
        self.graph, self.arithmetic = graph, ARITHMETICS[graph.rounding]
        self.affine = {name: self.arithmetic.kept(affine) for name, affine in quantisations.items()}
        self.tensors = {name: _tensor(name, graph.shape_of(name), affine) for name, affine in self.affine.items()}
        self.layers = {prelu.name: name for name, prelu in graph.fused().items()}

    def operator(self, node: Node) -> Operator:
        """Return the operator that writes the value of `node`."""
        if isinstance(node, Prelu) and node.name in self.layers:
            layer = self.graph.node(self.layers[node.name])
            assert isinstance(layer, Weighted)
            return self._weighted(layer, node.name, node.slopes)
        return self._weighted(node, node.name) if isinstance(node, Weighted) else self._plain(node)

    def _plain(self, node: Node) -> Operator:
        arithmetic, sources = self.arithmetic, [self.tensors[name] for name in node.inputs]
        output, result = self.tensors[node.name], None
        match node:
            case Prelu():
                result = arithmetic.prelu(node.name, sources[0], output, node.slopes)
            case Sum():
                cut = arithmetic.limits(node.activation, self.affine[node.name])
                result = arithmetic.add(node.name, sources[0], sources[1], output, cut)
            case GlobalMean():
                result = arithmetic.mean(node.name, sources[0], output)
            case Maximum():
                result = MaxPool(node.name, node.inputs, node.name, node.size, node.stride, node.padding)
            case Average():
                result = arithmetic.average(node.name, sources[0], output, Window(node.size, node.stride, node.padding))
            case Join():
                result = Concat(node.name, node.inputs, node.name)
        if result is None:
            raise TypeError(node)
        return result

    def _weighted(self, node: Weighted, target: str, slopes: np.ndarray | None = None) -> Operator:
        """Return `node`, whose output is `target`, with the PReLU of `slopes` [O] in its requantisation."""
        source, output = self.affine[node.inputs[0]], self.affine[target]
        integers, cut = integer_weights(node, source), self.arithmetic.limits(node.activation, output)
        rule = self.arithmetic.rule(source, integers.scales, output, cut, isinstance(node, Linear), slopes)
        fields = (node.name, node.inputs, target)
        if isinstance(node, Linear):
            weights = _columns_last(integers.weights, self.graph.shape_of(node.inputs[0]))
            return Dense(*fields, weights, integers.bias, rule, weight_bits=node.bits)
        assert isinstance(node, Convolution)
        padding = (node.padding[0], node.padding[0], node.padding[1], node.padding[1])
        if node.depthwise:
            weights = np.ascontiguousarray(integers.weights[:, 0].transpose(1, 2, 0))
            return DepthwiseConv2D(*fields, weights, integers.bias, rule, node.stride, padding, weight_bits=node.bits)
        weights = np.ascontiguousarray(integers.weights.transpose(0, 2, 3, 1))
        return Conv2D(*fields, weights, integers.bias, rule, node.stride, padding, weight_bits=node.bits)


def _tensor(name: str, shape: Shape, affine: Affine) -> Tensor:
    channels, rows, columns = shape
    return Tensor(name, (rows, columns, channels), "s8", affine.scale, affine.zero_point)


def _columns_last(weights: np.ndarray, shape: Shape) -> np.ndarray:
    """Return dense weights [O, C * H * W] in the order H, W, C that the integer network flattens in."""
    channels, rows, columns = shape
    whole = weights.reshape(len(weights), channels, rows, columns)
    return np.ascontiguousarray(whole.transpose(0, 2, 3, 1).reshape(len(weights), -1))
