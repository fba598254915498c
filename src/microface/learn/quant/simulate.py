"""The integer network computed by torch, to the bit: sums in floats wide enough to be exact, the rest in int64.

An independent second way from the float graph and its quantisations to the integers, quick enough for whole data sets;
`differences` says where it and the lowered network disagree (nowhere, or lowering is wrong).
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.quant.calibrate import Affine
from microface.learn.quant.execute import padded, real_pixels, windows_sum
from microface.learn.quant.graph import Average, FloatGraph, GlobalMean, Join, Maximum, Node, Prelu, Sum, Weighted
from microface.learn.quant.rounding import limits
from microface.learn.quant.simulate_tflite import tflite_integers
from microface.learn.quant.sums import exact_sums
from microface.network import IntegerNetwork


def simulate(graph: FloatGraph, quantisations: Mapping[str, Affine], x: np.ndarray) -> dict[str, np.ndarray]:
    """Return every value's integers int8 [N, H, W, C] for inputs `x` int8 [N, H, W, C]."""
    values = integers_from(graph, quantisations, {FloatGraph.INPUT: torch.from_numpy(x).permute(0, 3, 1, 2)})
    return {name: value.permute(0, 2, 3, 1).numpy() for name, value in values.items()}


def integers_from(
    graph: FloatGraph, quantisations: Mapping[str, Affine], known: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return all values int8 [N, C, H, W]; those `known`, the input at least, are taken as they are."""
    values, integers = dict(known), tflite_integers if graph.rounding == "tflite" else _integers
    fused = graph.fused()
    layers = {prelu.name: graph.node(name) for name, prelu in fused.items()}
    with torch.inference_mode():
        for node in graph.nodes:
            if node.name in values or node.name in fused:
                continue
            layer = layers.get(node.name)
            inputs = [values[name] for name in (layer or node).inputs]
            made = _fused(layer, node, inputs[0], quantisations) if layer else integers(node, inputs, quantisations)
            values[node.name] = made.to(torch.int8)
    return values


def _fused(layer: Node, prelu: Node, x: Tensor, quantisations: Mapping[str, Affine]) -> Tensor:
    """Return the integers of `prelu` behind `layer`, whose sums are rounded once."""
    assert isinstance(layer, Weighted) and isinstance(prelu, Prelu)
    source, target = quantisations[layer.inputs[0]], quantisations[prelu.name]
    sums, steps = exact_sums(layer, x, source)
    scales = steps * source.scale / target.scale
    value = _high_multiply(sums, scales, scales * prelu.slopes.astype(np.float64))
    return (value + target.zero_point).clamp(-128, 127)


def _integers(node: Node, inputs: list[Tensor], quantisations: Mapping[str, Affine]) -> Tensor:
    sources, target = [quantisations[name] for name in node.inputs], quantisations[node.name]
    low, high = limits(node.activation, target)
    match node:
        case Weighted():
            sums, scales = exact_sums(node, inputs[0], sources[0])
            value = _high_multiply(sums, scales * sources[0].scale / target.scale) + target.zero_point
        case Prelu():
            value = _bent(inputs[0].long() - target.zero_point, node.slopes) + target.zero_point
        case Sum():
            value = _added([x.long() for x in inputs], sources, target)
        case GlobalMean() | Average():
            value = _mean(node, inputs[0].long() - sources[0].zero_point, sources[0].scale / target.scale)
            value = value + target.zero_point
        case Maximum():
            value = F.max_pool2d(padded(inputs[0].float(), node, -torch.inf), node.size, node.stride)
        case Join():
            value = torch.cat(inputs, 1)
        case _:
            raise TypeError(node)
    return value.clamp(low, high)


def _bent(centred: Tensor, slopes: np.ndarray) -> Tensor:
    """Return (value * m + 2^13) >> 14 below zero, m = round(slope * 2^14)."""
    m = torch.from_numpy(np.floor(slopes.astype(np.float64) * 2.0**14 + 0.5).astype(np.int64)).view(1, -1, 1, 1)
    return torch.where(centred < 0, (centred * m + 2**13) >> 14, centred)


def _mean(node: Node, centred: Tensor, ratio: float) -> Tensor:
    """Return the mean over each window, or over the whole map, in the output's steps: one factor per count."""
    if not isinstance(node, Average):
        pixels = centred.shape[2] * centred.shape[3]
        return _high_multiply(centred.sum((2, 3), keepdim=True), np.array([ratio / pixels]))
    sums = windows_sum(centred.double(), node).round().long()
    counts = real_pixels(centred.double(), node).round().long()
    result = torch.zeros_like(sums)
    for count in counts.unique().tolist():
        result = torch.where(counts == count, _high_multiply(sums, np.array([ratio / count])), result)
    return result


def _high_multiply(sums: Tensor, scales: np.ndarray, below: np.ndarray | None = None) -> Tensor:
    """Return ((sums * 2^left) * m + 2^31) >> 32, m = round(scale * 2^(32 - left)) below 2^31 by the least left.

    Sums below zero have the scales `below`, whose m are below 2^31 by the same left.
    """
    bent = scales if below is None else below
    left = np.zeros(len(scales), np.int64)
    while (large := np.floor(np.maximum(scales, np.abs(bent)) * 2.0 ** (32 - left) + 0.5) >= 2.0**31).any():
        left += large
    above, under = (np.floor(each * 2.0 ** (32 - left) + 0.5).astype(np.int64) for each in (scales, bent))
    m = torch.where(sums < 0, torch.from_numpy(under).view(1, -1, 1, 1), torch.from_numpy(above).view(1, -1, 1, 1))
    shift = torch.from_numpy(left).view(1, -1, 1, 1)
    return ((sums << shift) * m + (1 << 31)) >> 32


def _added(inputs: list[Tensor], sources: list[Affine], target: Affine) -> Tensor:
    """Return (a * ma + b * mb + c) >> F before its cut, by the contract's rule for F."""
    ratios = np.array([source.scale / target.scale for source in sources])
    shift = max(f for f in range(23) if (np.floor(ratios * 2.0**f + 0.5) < 2**15).all())
    factors = [int(m) for m in np.floor(ratios * 2.0**shift + 0.5)]
    total = sum(value * m for value, m in zip(inputs, factors, strict=True))
    zero = sum(source.zero_point * m for source, m in zip(sources, factors, strict=True))
    return (total + target.zero_point * 2**shift - zero + (2 ** (shift - 1) if shift else 0)) >> shift


def differences(
    network: IntegerNetwork, graph: FloatGraph, quantisations: Mapping[str, Affine], x: np.ndarray
) -> dict[str, int]:
    """Return for each value of `network` how many integers `simulate` gives otherwise (none: an empty result)."""
    expected = simulate(graph, quantisations, x)
    counts = {name: int((expected[name] != value).sum()) for name, value in network.run_all(x).items()}
    return {name: count for name, count in counts.items() if count}
