"""What the quantisation of each layer costs, in mean cosine between the embeddings with and without it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from microface.console import track
from microface.learn.quant.calibrate import Affine, Quantisable
from microface.learn.quant.correct import rounded_value
from microface.learn.quant.execute import activated, compute, weights_of
from microface.learn.quant.graph import Convolution, FloatGraph, Linear, Node
from microface.learn.quant.simulate import integers_from
from microface.learn.quant.weights import real_weights


@dataclass(frozen=True)
class LayerCost:
    """What rounding the node `name` costs: 1 - mean cosine to the float embeddings, of which less is better.

    `alone`: only this node is rounded, weights and values. `without`: all are, and what is won when this one is not.
    `four_bits`: what its weights at 4 bits cost more in the integer network, all else at 8; None where 8 have to stay.
    """

    name: str
    kind: str
    weights: int
    bits: int
    alone: float
    without: float
    four_bits: float | None


def candidates(graph: FloatGraph) -> list[str]:
    """Return the layers whose weights may have 4 bits: not the first, no depthwise ones, not the embedding's."""
    inner = [n for n in graph.weighted() if FloatGraph.INPUT not in n.inputs]
    dense = [n for n in inner if isinstance(n, Linear) or (isinstance(n, Convolution) and not n.depthwise)]
    return [node.name for node in dense if node.name != list(graph.weighted())[-1].name]


def four_bit_losses(start: Quantisable, x: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """Return what 4-bit weights cost in each candidate layer alone, by the integer network on `x` int8 [N, H, W, C].

    `wanted` float [N, D] are the float embeddings. Values before the layer are computed only once.
    """
    graph, affine = start
    inputs = {FloatGraph.INPUT: torch.from_numpy(x).permute(0, 3, 1, 2)}
    base = integers_from(graph, affine, inputs)
    least = _loss(base[graph.output.name].flatten(1), wanted)
    result = {}
    for name in track(candidates(graph), "layers at 4 bits"):
        known = _before(graph, name, base)
        values = integers_from(graph.with_bits({name: 4}), affine, known)
        result[name] = _loss(values[graph.output.name].flatten(1), wanted) - least
    return result


def costs(start: Quantisable, x: np.ndarray) -> list[LayerCost]:
    """Return the cost of every node of the network, the dearest first; `x` int8 [N, H, W, C] are held-out crops."""
    graph, affine = start
    inputs = {FloatGraph.INPUT: torch.from_numpy(x).permute(0, 3, 1, 2).float() / 128}
    floats, rounded = _run(graph, affine, inputs, set()), _run(graph, affine, inputs, _all(graph))
    wanted = floats[graph.output.name].flatten(1).numpy()
    whole = _loss(rounded[graph.output.name].flatten(1), wanted)
    fours = four_bit_losses(start, x, wanted)
    result = []
    for node in track(graph.nodes, "layers"):
        alone = _run(graph, affine, _before(graph, node.name, floats), {node.name})
        without = _run(graph, affine, _before(graph, node.name, rounded), _all(graph) - {node.name})
        losses = [_loss(values[graph.output.name].flatten(1), wanted) for values in (alone, without)]
        result.append(_cost(node, losses[0], whole - losses[1], fours.get(node.name)))
    return sorted(result, key=lambda cost: -cost.alone)


def _cost(node: Node, alone: float, without: float, four_bits: float | None) -> LayerCost:
    weights, bits = getattr(node, "weights", np.zeros(0)), getattr(node, "bits", 0)
    depthwise = isinstance(node, Convolution) and node.depthwise
    kind = "depthwise" if depthwise else type(node).__name__.lower()
    return LayerCost(node.name, kind, int(weights.size), bits, alone, without, four_bits)


def _all(graph: FloatGraph) -> set[str]:
    return {node.name for node in graph.nodes}


def _before(graph: FloatGraph, name: str, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the values that are known before the node `name` runs."""
    known = {FloatGraph.INPUT: values[FloatGraph.INPUT]}
    for node in graph.nodes:
        if node.name == name:
            break
        known[node.name] = values[node.name]
    return known


@torch.inference_mode()
def _run(
    graph: FloatGraph, affine: Mapping[str, Affine], known: Mapping[str, Tensor], rounding: set[str]
) -> dict[str, Tensor]:
    """Return all values [N, C, H, W] when the nodes in `rounding` are rounded; `known` ones are not computed again."""
    values, own = dict(known), weights_of(graph)
    for node in graph.nodes:
        if node.name in values:
            continue
        weights = own
        if node.name in rounding and node.name in own:
            rounded = next(n for n in graph.weighted() if n.name == node.name)
            weights = {node.name: (torch.from_numpy(real_weights(rounded)), torch.from_numpy(rounded.bias))}
        result = activated(compute(node, [values[name] for name in node.inputs], weights), node.activation)
        values[node.name] = rounded_value(result, affine[node.name]) if node.name in rounding else result
    return values


def _loss(embeddings: Tensor, wanted: np.ndarray) -> float:
    """Return 1 - the mean cosine of `embeddings` [N, D] to `wanted` [N, D]."""
    return 1 - float(torch.cosine_similarity(embeddings.double(), torch.from_numpy(wanted).double()).mean())
