"""Accumulators in torch, exact: whole numbers in floats wide enough to hold every partial sum."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn.quant.calibrate import Affine
from microface.learn.quant.graph import Convolution, Linear, Weighted
from microface.learn.quant.weights import IntegerWeights, integer_weights

_EXACT = 2.0**53
_EXACT_SINGLE = 2.0**24


def exact_sums(node: Weighted, x: Tensor, source: Affine) -> tuple[Tensor, np.ndarray]:
    """Return the accumulators int64 [N, O, H, W] for integers `x` [N, C, H, W], and the steps of the weights [O].

    Whole numbers below 2^24 are exact in float32, below 2^53 in float64.
    """
    integers = integer_weights(node, source)
    kind = _wide_enough(node, integers)
    weights, bias = (torch.from_numpy(part).to(kind) for part in (integers.weights, integers.bias))
    centred = x.to(kind) - source.zero_point
    if isinstance(node, Linear):
        return F.linear(centred.flatten(1), weights, bias)[:, :, None, None].long(), integers.scales
    assert isinstance(node, Convolution)
    sums = F.conv2d(centred, weights, bias, node.stride, node.padding, groups=node.groups)
    return sums.long(), integers.scales


def _wide_enough(node: Weighted, integers: IntegerWeights) -> torch.dtype:
    """Return the float type in which all partial sums of `node` are whole numbers, whatever their order.

    float32 only where the sum is a plain product of matrices: wider windows may be computed by Winograd's trick.
    """
    sizes = np.abs(integers.weights.reshape(len(integers.weights), -1).astype(np.int64)).sum(axis=1)
    bound = float((sizes * 255 + np.abs(integers.bias.astype(np.int64))).max())
    if bound >= _EXACT:
        raise UserError(f"layer {node.name}", "has sums beyond 2^53", "use smaller weights")
    plain = isinstance(node, Linear) or node.weights.shape[2:] == (1, 1)
    return torch.float32 if plain and bound < _EXACT_SINGLE else torch.float64
