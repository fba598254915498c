"""What the quantisation of each layer costs, in mean cosine between the embeddings with and without it."""

from collections.abc import Iterator, Mapping, Sequence
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

_PHOTOS = 50


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
    """Return the layers whose weights may have 4 bits: not the first, no depthwise ones."""
    inner = [n for n in graph.weighted() if FloatGraph.INPUT not in n.inputs]
    return [n.name for n in inner if isinstance(n, Linear) or (isinstance(n, Convolution) and not n.depthwise)]


def four_bit_losses(start: Quantisable, x: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """Return what 4-bit weights cost in each candidate layer alone, by the integer network on `x` int8 [N, H, W, C].

    `wanted` float [N, D] are the float embeddings. Values before the layer are computed only once.
    """
    parts = [_fours(start, part, target) for part, target in _together("layers at 4 bits", x, wanted)]
    cosines = _joined(parts)
    least = loss(cosines.pop(""))
    return {name: loss(values) - least for name, values in cosines.items()}


def _fours(start: Quantisable, x: np.ndarray, wanted: np.ndarray) -> dict[str, Tensor]:
    """Return the cosines to `wanted` by the layer that alone has 4 bits; "": none has."""
    graph, affine = start
    inputs = {FloatGraph.INPUT: torch.from_numpy(x).permute(0, 3, 1, 2)}
    base = integers_from(graph, affine, inputs)
    result = {"": cosines(base[graph.output.name], wanted)}
    for name in candidates(graph):
        values = integers_from(graph.with_bits({name: 4}), affine, _before(graph, name, base))
        result[name] = cosines(values[graph.output.name], wanted)
    return result


def costs(start: Quantisable, x: np.ndarray) -> list[LayerCost]:
    """Return the cost of every node of the network, the dearest first; `x` int8 [N, H, W, C] are held-out crops."""
    graph, _ = start
    parts = [_roundings(start, part) for (part,) in _together("layers", x)]
    cosines = _joined([values for values, _ in parts])
    fours = four_bit_losses(start, x, np.concatenate([wanted for _, wanted in parts]))
    whole = loss(cosines["all"])
    made = (
        layer_cost(n, loss(cosines[f"alone {n.name}"]), whole - loss(cosines[f"without {n.name}"]), fours.get(n.name))
        for n in graph.nodes
    )
    return sorted(made, key=lambda cost: -cost.alone)


def _roundings(start: Quantisable, x: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
    """Return the cosines to the float embeddings by what is rounded, and these embeddings [N, D]."""
    graph, affine = start
    inputs = {FloatGraph.INPUT: torch.from_numpy(x).permute(0, 3, 1, 2).float() / 128}
    floats, rounded = _run(graph, affine, inputs, set()), _run(graph, affine, inputs, _all(graph))
    wanted = floats[graph.output.name].flatten(1).numpy()
    result = {"all": cosines(rounded[graph.output.name], wanted)}
    for node in graph.nodes:
        alone = _run(graph, affine, _before(graph, node.name, floats), {node.name})
        without = _run(graph, affine, _before(graph, node.name, rounded), _all(graph) - {node.name})
        result[f"alone {node.name}"] = cosines(alone[graph.output.name], wanted)
        result[f"without {node.name}"] = cosines(without[graph.output.name], wanted)
    return result, wanted


def _together(title: str, *arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield pieces of `arrays` [N, ...]: all maps of a network for hundreds of photos would take gigabytes."""
    starts = range(0, len(arrays[0]), _PHOTOS)
    yield from track([tuple(array[i : i + _PHOTOS] for array in arrays) for i in starts], title)


def _joined(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def layer_cost(node: Node, alone: float, without: float, four_bits: float | None) -> LayerCost:
    """Return what the rounding of `node` costs, with what it is."""
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
        if node.name in values:
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
        rounds = node.name in rounding and node.name in affine  # a layer in front of a fused PReLU has no integers
        values[node.name] = rounded_value(result, affine[node.name]) if rounds else result
    return values


def cosines(embeddings: Tensor, wanted: np.ndarray) -> Tensor:
    """Return float64 [N]: the cosines of `embeddings` [N, D, 1, 1] to `wanted` [N, D]."""
    return torch.cosine_similarity(embeddings.flatten(1).double(), torch.from_numpy(wanted).double())


def loss(cosines: Tensor) -> float:
    """Return 1 - the mean cosine."""
    return 1 - float(cosines.mean())
