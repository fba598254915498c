"""What calibration can do beyond ranges: channels made alike before rounding, biases mended after it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from microface.learn.quant.calibrate import Affine, Quantisable, Seen
from microface.learn.quant.execute import activated, compute
from microface.learn.quant.graph import Convolution, FloatGraph, Linear, Node, Prelu, Weighted
from microface.learn.quant.weights import real_weights

_LARGEST_FACTOR = 8.0
_TOGETHER = 64


def rounded_value(value: Tensor, affine: Affine) -> Tensor:
    """Return `value` after the way to integers by `affine` and back."""
    return torch.fake_quantize_per_tensor_affine(value, affine.scale, affine.zero_point, -128, 127)


@dataclass(frozen=True)
class _Twin:
    """One value of the float network and of the rounded one, in batches [n, C, H, W].

    Of the latter whole steps, or, where it is not rounded, the value itself and a scale of 1.
    """

    exact: list[Tensor]
    steps: list[Tensor]
    scale: float

    def rounded(self, batch: int) -> Tensor:
        """Return a batch of the rounded network's value."""
        return self.steps[batch].float() * self.scale


@torch.inference_mode()
def mended(start: Quantisable, x: Tensor) -> Quantisable:
    """Return `start` with biases that take the mean error of rounding out of every channel, layer by layer.

    `x` float [N, 3, H, W] goes through the float and the rounded network side by side; the mean is over it and over
    the map (Nagel et al. 2019, section 4.2, with data). Values are dropped when nothing reads them any more, rounded
    ones are kept as int16 and all are computed in batches, since maps of hundreds of photos take much memory.
    """
    graph, affine = start
    batches = list(x.split(_TOGETHER))
    twins, spent = {FloatGraph.INPUT: _Twin(batches, batches, 1.0)}, graph.spent()
    biases: dict[str, np.ndarray] = {}
    for node in graph.nodes:
        wanted, got = _side_by_side(node, [twins[name] for name in node.inputs])
        error = _mean_error(wanted, got) if isinstance(node, Weighted) else torch.zeros(1)
        if isinstance(node, Weighted):
            biases[node.name] = node.bias + error.numpy()
        twins[node.name] = _finished(node, wanted, got, error, affine.get(node.name))
        for name in spent[node.name]:
            del twins[name]
    nodes: Mapping[str, Node] = {n.name: replace(n, bias=biases[n.name]) for n in graph.weighted()}
    return graph.changed(nodes), affine


def _side_by_side(node: Node, inputs: list[_Twin]) -> tuple[list[Tensor], list[Tensor]]:
    """Return what `node` gives before its activation, with its own and with rounded weights and inputs."""
    own, used = {}, {}
    if isinstance(node, Weighted):
        bias = torch.from_numpy(node.bias)
        own[node.name] = (torch.from_numpy(node.weights), bias)
        used[node.name] = (torch.from_numpy(real_weights(node)), bias)
    numbers = range(len(inputs[0].exact))
    wanted = [compute(node, [twin.exact[number] for twin in inputs], own) for number in numbers]
    return wanted, [compute(node, [twin.rounded(number) for twin in inputs], used) for number in numbers]


def _mean_error(wanted: list[Tensor], got: list[Tensor]) -> Tensor:
    """Return float32 [C]: the mean of `wanted` - `got` over all batches and their maps."""
    pairs = list(zip(wanted, got, strict=True))
    total = torch.stack([(a - b).sum((0, 2, 3), dtype=torch.float64) for a, b in pairs]).sum(0)
    return (total / sum(a.numel() / a.shape[1] for a in wanted)).float()


def _finished(node: Node, wanted: list[Tensor], got: list[Tensor], error: Tensor, affine: Affine | None) -> _Twin:
    """Return the value after activation and rounding (None: it is not rounded); the lists are emptied on the way."""
    exact, steps = [], []
    while wanted:
        exact.append(activated(wanted.pop(0), node.activation))
        value = activated(got.pop(0) + error[:, None, None], node.activation)
        steps.append(value if affine is None else _whole_steps(value, affine))
    return _Twin(exact, steps, 1.0 if affine is None else affine.scale)


def _whole_steps(value: Tensor, affine: Affine) -> Tensor:
    """Return int16, `value` rounded by `affine` in steps of its scale."""
    return (rounded_value(value, affine) / affine.scale).round().to(torch.int16)


def equalised(graph: FloatGraph, seen: Mapping[str, Seen]) -> FloatGraph:
    """Return the same function with channels of like range wherever one layer with weights alone feeds another.

    A channel that reaches less far than the value's largest is enlarged by the root of the ratio, at most 8 times, and
    the next layer's weights for it made as much smaller (cross-layer equalisation of Nagel et al. 2019, by ranges
    of values, since weights have a step per channel already). Only behind ReLU, PReLU or nothing: ReLU6 would cut
    elsewhere.
    """
    weights, fused = {node.name: node for node in graph.weighted()}, graph.fused()
    for node in graph.weighted():
        readers, reach = graph.readers(node.name), seen[node.name].reach
        if len(readers) == 1 and isinstance(readers[0], Prelu):
            bent = seen[readers[0].name].reach
            reach = bent if node.name in fused else _larger(reach, bent)
            readers = graph.readers(readers[0].name)
        if node.activation == "relu6" or len(readers) != 1 or not isinstance(readers[0], Weighted) or reach is None:
            continue
        factors = np.clip(np.sqrt(reach.max() / np.maximum(reach, 1e-9)), 1.0, _LARGEST_FACTOR).astype(np.float32)
        first, after = weights[node.name], weights[readers[0].name]
        weights[first.name] = replace(first, weights=_times(first.weights, factors), bias=first.bias * factors)
        weights[after.name] = replace(after, weights=_inputs_divided(after, factors))
    return graph.changed(weights)


def _larger(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    return None if first is None or second is None else np.maximum(first, second)


def _times(weights: np.ndarray, factors: np.ndarray) -> np.ndarray:
    return np.asarray(weights * factors.reshape(-1, *[1] * (weights.ndim - 1)))


def _inputs_divided(node: Weighted, factors: np.ndarray) -> np.ndarray:
    """Return the weights of `node` for an input whose channels are `factors` times as large."""
    if isinstance(node, Convolution) and node.depthwise:
        return _times(node.weights, 1 / factors)
    assert isinstance(node, Convolution | Linear)
    whole = node.weights.reshape(len(node.weights), len(factors), -1) / factors[None, :, None]
    return np.asarray(whole.reshape(node.weights.shape))
