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
from microface.learn.quant.rounding import ARITHMETICS, Cut
from microface.learn.quant.weights import integer_weights
from microface.network import IntegerNetwork, Tensor
from microface.network.ops import Concat, Conv2D, Dense, DepthwiseConv2D, MaxPool, Operator, Window


def lower(graph: FloatGraph, quantisations: Mapping[str, Affine]) -> IntegerNetwork:
    """Return the integer network of `graph`, in its rounding; its tensors have the names of the graph's values.

    A node whose accumulator may overflow is a `UserError` (the network proves every bound when it is made).
    """
    kept = {name: ARITHMETICS[graph.rounding].kept(affine) for name, affine in quantisations.items()}
    tensors = {name: _tensor(name, graph.shape_of(name), affine) for name, affine in kept.items()}
    operators = tuple(_operator(node, graph, tensors, kept) for node in graph.nodes)
    return IntegerNetwork(graph.name, tensors, operators, (FloatGraph.INPUT,), (graph.output.name,))


def _tensor(name: str, shape: Shape, affine: Affine) -> Tensor:
    channels, rows, columns = shape
    return Tensor(name, (rows, columns, channels), "s8", affine.scale, affine.zero_point)


def _operator(
    node: Node, graph: FloatGraph, tensors: Mapping[str, Tensor], quantisations: Mapping[str, Affine]
) -> Operator:
    arithmetic, sources = ARITHMETICS[graph.rounding], [tensors[name] for name in node.inputs]
    output, cut = tensors[node.name], arithmetic.limits(node.activation, quantisations[node.name])
    result: Operator | None = None
    match node:
        case Weighted():
            result = _weighted(node, graph, quantisations, cut)
        case Prelu():
            result = arithmetic.prelu(node.name, sources[0], output, node.slopes)
        case Sum():
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


def _weighted(node: Weighted, graph: FloatGraph, quantisations: Mapping[str, Affine], cut: Cut) -> Operator:
    source, output = quantisations[node.inputs[0]], quantisations[node.name]
    integers = integer_weights(node, source)
    rule = ARITHMETICS[graph.rounding].rule(source, integers.scales, output, cut, isinstance(node, Linear))
    fields = (node.name, node.inputs, node.name)
    if isinstance(node, Linear):
        weights = _columns_last(integers.weights, graph.shape_of(node.inputs[0]))
        return Dense(*fields, weights, integers.bias, rule, weight_bits=node.bits)
    assert isinstance(node, Convolution)
    padding = (node.padding[0], node.padding[0], node.padding[1], node.padding[1])
    if node.depthwise:
        weights = np.ascontiguousarray(integers.weights[:, 0].transpose(1, 2, 0))
        return DepthwiseConv2D(*fields, weights, integers.bias, rule, node.stride, padding, weight_bits=node.bits)
    weights = np.ascontiguousarray(integers.weights.transpose(0, 2, 3, 1))
    return Conv2D(*fields, weights, integers.bias, rule, node.stride, padding, weight_bits=node.bits)


def _columns_last(weights: np.ndarray, shape: Shape) -> np.ndarray:
    """Return dense weights [O, C * H * W] in the order H, W, C that the integer network flattens in."""
    channels, rows, columns = shape
    whole = weights.reshape(len(weights), channels, rows, columns)
    return np.ascontiguousarray(whole.transpose(0, 2, 3, 1).reshape(len(weights), -1))
