"""What calibration can do beyond ranges: channels made alike before rounding, biases mended after it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from microface.learn.quant.calibrate import Affine, Quantisable, Seen
from microface.learn.quant.execute import activated, compute
from microface.learn.quant.graph import Convolution, FloatGraph, Linear, Node, Weighted
from microface.learn.quant.weights import real_weights

_LARGEST_FACTOR = 8.0


def rounded_value(value: Tensor, affine: Affine) -> Tensor:
    """Return `value` after the way to integers by `affine` and back."""
    return torch.fake_quantize_per_tensor_affine(value, affine.scale, affine.zero_point, -128, 127)


@torch.inference_mode()
def mended(start: Quantisable, x: Tensor) -> Quantisable:
    """Return `start` with biases that take the mean error of rounding out of every channel, layer by layer.

    `x` float [N, 3, H, W] goes through the float and the rounded network side by side; the mean is over it and over
    the map (Nagel et al. 2019, section 4.2, with data).
    """
    graph, affine = start
    exact, values = {FloatGraph.INPUT: x}, {FloatGraph.INPUT: x}
    biases: dict[str, np.ndarray] = {}
    for node in graph.nodes:
        wanted, got = _side_by_side(node, exact, values)
        if isinstance(node, Weighted):
            error = (wanted - got).mean((0, 2, 3))
            biases[node.name] = node.bias + error.numpy()
            got = got + error[:, None, None]
        exact[node.name] = activated(wanted, node.activation)
        values[node.name] = rounded_value(activated(got, node.activation), affine[node.name])
        _forget(graph, node, exact, values)
    nodes: Mapping[str, Node] = {n.name: replace(n, bias=biases[n.name]) for n in graph.weighted()}
    return graph.changed(nodes), affine


def _side_by_side(node: Node, exact: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return what `node` gives before its activation, with its own and with rounded weights and inputs."""
    own, used = {}, {}
    if isinstance(node, Weighted):
        bias = torch.from_numpy(node.bias)
        own[node.name] = (torch.from_numpy(node.weights), bias)
        used[node.name] = (torch.from_numpy(real_weights(node)), bias)
    wanted = compute(node, [exact[name] for name in node.inputs], own)
    return wanted, compute(node, [values[name] for name in node.inputs], used)


def _forget(graph: FloatGraph, done: Node, *values: dict[str, Tensor]) -> None:
    """Drop the values that no node after `done` reads: whole maps of hundreds of photos take much memory."""
    place = graph.nodes.index(done)
    needed = {name for node in graph.nodes[place + 1 :] for name in node.inputs} | {done.name}
    for kept in values:
        for name in kept.keys() - needed:
            del kept[name]


def equalised(graph: FloatGraph, seen: Mapping[str, Seen]) -> FloatGraph:
    """Return the same function with channels of like range wherever one layer with weights alone feeds another.

    A channel that reaches less far than the value's largest is enlarged by the root of the ratio, at most 8 times, and
    the next layer's weights for it made as much smaller (cross-layer equalisation of Nagel et al. 2019, by ranges
    of values, since weights have a step per channel already). Only behind ReLU or nothing: ReLU6 would cut elsewhere.
    """
    weights = {node.name: node for node in graph.weighted()}
    for node in graph.weighted():
        readers = graph.readers(node.name)
        reach = seen[node.name].reach
        if node.activation == "relu6" or len(readers) != 1 or not isinstance(readers[0], Weighted) or reach is None:
            continue
        factors = np.clip(np.sqrt(reach.max() / np.maximum(reach, 1e-9)), 1.0, _LARGEST_FACTOR).astype(np.float32)
        first, after = weights[node.name], weights[readers[0].name]
        weights[first.name] = replace(first, weights=_times(first.weights, factors), bias=first.bias * factors)
        weights[after.name] = replace(after, weights=_inputs_divided(after, factors))
    return graph.changed(weights)


def _times(weights: np.ndarray, factors: np.ndarray) -> np.ndarray:
    return np.asarray(weights * factors.reshape(-1, *[1] * (weights.ndim - 1)))


def _inputs_divided(node: Weighted, factors: np.ndarray) -> np.ndarray:
    """Return the weights of `node` for an input whose channels are `factors` times as large."""
    if isinstance(node, Convolution) and node.depthwise:
        return _times(node.weights, 1 / factors)
    assert isinstance(node, Convolution | Linear)
    whole = node.weights.reshape(len(node.weights), len(factors), -1) / factors[None, :, None]
    return np.asarray(whole.reshape(node.weights.shape))
