"""A float graph in the order that the accelerator computes in; layers that it has not are refused."""

from collections.abc import Iterator
from dataclasses import replace

from microface.errors import UserError
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
    Sum,
)

_AT_ONCE = 64
"""Channels that a pool without convolution may have."""
_MEND = "build the network of 3x3 and 1x1 convolutions of stride 1, pools and sums (docs/max78000.md)"


def arranged(graph: FloatGraph) -> FloatGraph:
    """Return the same function with means in front of the 1x1 convolutions that they follow.

    Linear maps and means commute; in front a mean is computed once for few channels, and it fuses with the
    convolution. Not where a pool of more than 64 channels would be left without a convolution. What the accelerator
    cannot do is a `UserError` that names the layer.
    """
    for node in graph.nodes:
        if (fault := _fault(node)) is not None:
            raise UserError(f"layer {node.name}", f"{fault}, which the accelerator cannot do", _MEND)
    while (mean := next(_movable(graph), None)) is not None:
        graph = _swapped(graph, graph.node(mean.inputs[0]), mean)
    return graph


def _fault(node: Node) -> str | None:
    match node:
        case Convolution(depthwise=True):
            return "filters channels one by one"
        case Convolution(stride=stride) if stride != (1, 1):
            return f"has the stride {stride[0]} x {stride[1]}"
        case Maximum() | Average() if any(node.padding):
            return "pools padding"
        case Sum(activation=activation) if activation:
            return "activates a sum"
        case Join() | Prelu():
            return "joins channels" if isinstance(node, Join) else "has slopes below zero"
    return None


def _movable(graph: FloatGraph) -> Iterator[Node]:
    for node in graph.nodes:
        if isinstance(node, GlobalMean) and node.inputs[0] != FloatGraph.INPUT:
            before = graph.node(node.inputs[0])
            plain = isinstance(before, Convolution) and before.weights.shape[2:] == (1, 1) and not any(before.padding)
            alone = not before.activation and len(graph.readers(before.name)) == 1
            if plain and alone and not _leaves_a_wide_pool(graph, before):
                yield node


def _leaves_a_wide_pool(graph: FloatGraph, convolution: Node) -> bool:
    pool = pool_before(graph, convolution)
    return pool is not None and pool.shape[0] > _AT_ONCE


def _swapped(graph: FloatGraph, convolution: Node, mean: Node) -> FloatGraph:
    """Return `graph` with `mean` in front of `convolution`; what read the mean reads the convolution."""
    channels = graph.shape_of(convolution.inputs[0])[0]
    first = replace(mean, inputs=convolution.inputs, shape=(channels, 1, 1))
    second = replace(convolution, inputs=(mean.name,), shape=mean.shape)
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.name == mean.name:
            nodes += [first, second]
        elif node.name != convolution.name:
            renamed = tuple(convolution.name if name == mean.name else name for name in node.inputs)
            nodes.append(replace(node, inputs=renamed))
    return replace(graph, nodes=tuple(nodes))


def pool_before(graph: FloatGraph, node: Node) -> Node | None:
    """Return the pool that runs in the same hardware layer as `node`, in front of it; None where there is none.

    A linear layer over a whole map cannot pool in the same layer.
    """
    if not isinstance(node, Convolution | Linear) or node.inputs[0] == FloatGraph.INPUT:
        return None
    before = graph.node(node.inputs[0])
    alone = len(graph.readers(before.name)) == 1
    whole = isinstance(node, Linear) and before.shape[1:] != (1, 1)
    return before if isinstance(before, Maximum | Average | GlobalMean) and alone and not whole else None
