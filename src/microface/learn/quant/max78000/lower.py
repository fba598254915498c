"""From a fitted graph to the integer network of hardware layers."""

from typing import Any

import numpy as np

from microface.learn.quant.graph import (
    Average,
    Convolution,
    FloatGraph,
    GlobalMean,
    Linear,
    Maximum,
    Node,
    Sum,
    Weighted,
)
from microface.learn.quant.max78000.arrange import pool_before
from microface.learn.quant.max78000.fit import Fitted
from microface.learn.quant.max78000.weights import integers_of, step_of
from microface.network import IntegerNetwork, Tensor
from microface.network.ops import Operator
from microface.network.ops.max78000 import AcceleratorConv, Passthrough
from microface.network.requantise import NoRequantise

_SCALE = 1 / 128


def lower(fitted: Fitted) -> IntegerNetwork:
    """Return the integer network of `fitted`: its tensors have the names of the graph's values.

    Pools run in the hardware layer of the convolution behind them, so their values have no tensors.
    """
    graph = fitted.graph
    fused = {pool.name: pool for node in graph.nodes if (pool := pool_before(graph, node)) is not None}
    nodes = [node for node in graph.nodes if node.name not in fused]
    operators = tuple(_operator(node, fitted) for node in nodes)
    tensors = {FloatGraph.INPUT: _tensor(FloatGraph.INPUT, graph, None)}
    tensors |= {op.output: _tensor(op.output, graph, op) for op in operators}
    return IntegerNetwork(graph.name, tensors, operators, (FloatGraph.INPUT,), (graph.output.name,))


def _tensor(name: str, graph: FloatGraph, operator: Operator | None) -> Tensor:
    channels, rows, columns = graph.shape_of(name)
    if isinstance(operator, AcceleratorConv) and operator.wide:
        scale = step_of(integers_of(_weighted(graph, name)).shift, operator.weight_bits) * _SCALE
        return Tensor(name, (rows, columns, channels), "s32", scale)
    return Tensor(name, (rows, columns, channels), "s8", _SCALE)


def _weighted(graph: FloatGraph, name: str) -> Weighted:
    return next(node for node in graph.weighted() if node.name == name)


def _operator(node: Node, fitted: Fitted) -> Operator:
    if isinstance(node, Weighted):
        return _convolution(node, fitted)
    if isinstance(node, Sum):
        return Passthrough(node.name, node.inputs, node.name, eltwise="add")
    return Passthrough(node.name, node.inputs, node.name, **_pooling(node, fitted.graph))


def _pooling(pool: Node | None, graph: FloatGraph) -> dict[str, Any]:
    match pool:
        case None:
            return {}
        case Maximum() | Average():
            kind = "max" if isinstance(pool, Maximum) else "average"
            return {"pool": kind, "pool_size": pool.size, "pool_stride": pool.stride}
        case GlobalMean():
            _, rows, columns = graph.shape_of(pool.inputs[0])
            return {"pool": "average", "pool_size": (rows, columns), "pool_stride": (1, 1)}
    raise TypeError(pool)


def _convolution(node: Weighted, fitted: Fitted) -> AcceleratorConv:
    graph, integers = fitted.graph, integers_of(node)
    pool = pool_before(graph, node)
    wide = fitted.wide and node.name == graph.output.name
    rule = NoRequantise() if wide else AcceleratorConv.rounding(-integers.shift, node.bits)
    return AcceleratorConv(
        node.name,
        pool.inputs if pool is not None else node.inputs,
        node.name,
        weights=_channels_last(integers.weights, node, graph),
        bias=integers.bias,
        requantise=rule,
        operation="linear" if _whole_map(node, graph) else "conv2d",
        activation=node.activation or "none",
        weight_bits=node.bits,
        padding=node.padding if isinstance(node, Convolution) else (0, 0),
        **_pooling(pool, graph),
    )


def _whole_map(node: Weighted, graph: FloatGraph) -> bool:
    return isinstance(node, Linear) and graph.shape_of(node.inputs[0])[1:] != (1, 1)


def _channels_last(weights: np.ndarray, node: Weighted, graph: FloatGraph) -> np.ndarray:
    """Return weights [O, I, KH, KW] or [O, C * H * W] as [O, KH, KW, I]."""
    shape = weights.shape if weights.ndim == 4 else (len(weights), *graph.shape_of(node.inputs[0]))
    return np.ascontiguousarray(weights.reshape(shape).transpose(0, 2, 3, 1))
