"""The integer network computed by torch, to the bit: sums in float64, everything after a sum in int64.

An independent second way from the float graph and its quantisations to the integers, quick enough for whole data sets;
`differences` says where it and the lowered network disagree (nowhere, or lowering is wrong).
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn.quant.calibrate import Affine
from microface.learn.quant.graph import Convolution, FloatGraph, GlobalMean, Linear, Node, Sum
from microface.learn.quant.lower import integer_weights, limits
from microface.network import IntegerNetwork

_EXACT = 2.0**53


def simulate(graph: FloatGraph, quantisations: Mapping[str, Affine], x: np.ndarray) -> dict[str, np.ndarray]:
    """Return every value's integers int8 [N, H, W, C] for inputs `x` int8 [N, H, W, C]."""
    values = {FloatGraph.INPUT: torch.from_numpy(x).permute(0, 3, 1, 2).long()}
    with torch.inference_mode():
        for node in graph.nodes:
            values[node.name] = _integers(node, [values[name] for name in node.inputs], quantisations)
    return {name: value.permute(0, 2, 3, 1).numpy().astype(np.int8) for name, value in values.items()}


def _integers(node: Node, inputs: list[Tensor], quantisations: Mapping[str, Affine]) -> Tensor:
    sources, target = [quantisations[name] for name in node.inputs], quantisations[node.name]
    low, high = limits(node.activation, target)
    match node:
        case Convolution() | Linear():
            sums, scales = _sums(node, inputs[0] - sources[0].zero_point, sources[0])
            value = _high_multiply(sums, scales * sources[0].scale / target.scale) + target.zero_point
        case Sum():
            value = _added(inputs, sources, target)
        case GlobalMean():
            pixels = inputs[0].shape[2] * inputs[0].shape[3]
            sums = (inputs[0] - sources[0].zero_point).sum((2, 3), keepdim=True)
            value = _high_multiply(sums, np.array([sources[0].scale / (target.scale * pixels)])) + target.zero_point
        case _:
            raise TypeError(node)
    return value.clamp(low, high)


def _sums(node: Convolution | Linear, centred: Tensor, source: Affine) -> tuple[Tensor, np.ndarray]:
    """Return the accumulators int64 [N, O, H, W], exact since all that is summed stays below 2^53."""
    integers = integer_weights(node, source)
    weights, bias = (torch.from_numpy(part).double() for part in (integers.weights, integers.bias))
    bound = weights.abs().flatten(1).sum(1) * 255 + bias.abs()
    if float(bound.max()) >= _EXACT:
        raise UserError(f"layer {node.name}", "has sums beyond 2^53", "use smaller weights")
    if isinstance(node, Linear):
        sums = F.linear(centred.flatten(1).double(), weights, bias)[:, :, None, None]
    else:
        sums = F.conv2d(centred.double(), weights, bias, node.stride, node.padding, groups=node.groups)
    return sums.long(), integers.scales


def _high_multiply(sums: Tensor, scales: np.ndarray) -> Tensor:
    """Return ((sums * 2^left) * m + 2^31) >> 32, m = round(scale * 2^(32 - left)) below 2^31 by the least left."""
    left = np.zeros(len(scales), np.int64)
    while (large := np.floor(scales * 2.0 ** (32 - left) + 0.5) >= 2.0**31).any():
        left += large
    m = torch.from_numpy(np.floor(scales * 2.0 ** (32 - left) + 0.5).astype(np.int64)).view(1, -1, 1, 1)
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
