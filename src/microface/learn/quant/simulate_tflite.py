"""The integer network in TFLite's arithmetic computed by torch, to the bit: a second way beside the operators' own.

Source: the reference kernels in tensorflow/lite/kernels/internal (common.h, quantization_util.cc, reference/).
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.quant.calibrate import Affine
from microface.learn.quant.execute import padded, real_pixels, windows_sum
from microface.learn.quant.graph import Average, GlobalMean, Join, Linear, Maximum, Node, Prelu, Sum, Weighted
from microface.learn.quant.rounding import agreed_steps
from microface.learn.quant.sums import exact_sums

_FINE = 20
"""Bits by which ADD refines its inputs."""


def tflite_integers(node: Node, inputs: list[Tensor], quantisations: Mapping[str, Affine]) -> Tensor:
    """Return the integers [N, C, H, W] of `node` for those of its inputs."""
    sources, target = [_single(quantisations[name]) for name in node.inputs], _single(quantisations[node.name])
    match node:
        case Weighted():
            value = _weighted(node, inputs[0], sources[0], target)
        case Prelu():
            value = _bent(inputs[0].long() - sources[0].zero_point, node.slopes, sources[0], target)
        case Sum():
            value = _added([x.long() for x in inputs], sources, target)
        case GlobalMean():
            value = _mean(inputs[0].long() - sources[0].zero_point, sources[0].scale / target.scale) + target.zero_point
        case Average():
            value = _average(node, inputs[0])
        case Maximum():
            value = F.max_pool2d(padded(inputs[0].float(), node, -torch.inf), node.size, node.stride)
        case Join():
            value = torch.cat(inputs, 1)
        case _:
            raise TypeError(node)
    return value.clamp(*_limits(node.activation, target))


def _single(affine: Affine) -> Affine:
    """Return `affine` with the scale as files hold it, in float32."""
    return Affine(float(np.float32(affine.scale)), affine.zero_point)


def _limits(activation: str, target: Affine) -> tuple[int, int]:
    """Return the output range: zero is the zero point, 6 the integer nearest to the float32 quotient, halves up."""
    if not activation:
        return -128, 127
    six = (torch.tensor(6.0) / torch.tensor(target.scale, dtype=torch.float32)).double().add(0.5).floor().long()
    return target.zero_point, 127 if activation == "relu" else min(127, int(six) + target.zero_point)


def _weighted(node: Weighted, x: Tensor, source: Affine, target: Affine) -> Tensor:
    """Return sums times (input scale * weight scale / output scale): in float64 in dense layers, else two roundings."""
    sums, steps = exact_sums(node, x, source)
    if isinstance(node, Linear):
        real = sums.double() * torch.from_numpy(_factors(source, agreed_steps(source, steps, target), target))
        return (real.sign() * (real.abs() + 0.5).floor()).long() + target.zero_point
    multiplier, shift = (torch.from_numpy(part).view(1, -1, 1, 1) for part in _split(_factors(source, steps, target)))
    return _twice_rounded(sums, multiplier, shift) + target.zero_point


def _factors(source: Affine, steps: np.ndarray, target: Affine) -> np.ndarray:
    """Return float64 [O, 1, 1]: what sums are multiplied by."""
    return (source.scale * steps.astype(np.float32).astype(np.float64) / target.scale)[:, None, None]


def _split(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int64 multipliers of 31 bits and shifts: factor = multiplier * 2^(shift - 31) (QuantizeMultiplier)."""
    fractions, shifts = np.frexp(factors)
    multipliers, shifts = np.floor(fractions * 2.0**31 + 0.5).astype(np.int64), shifts.astype(np.int64)
    full = multipliers == 1 << 31
    multipliers, shifts = np.where(full, 1 << 30, multipliers), shifts + full
    lost = shifts < -31
    return np.where(lost, 0, multipliers), np.where(lost, 0, shifts)


def _twice_rounded(values: Tensor, multiplier: Tensor, shift: Tensor) -> Tensor:
    """Return MultiplyByQuantizedMultiplier: a doubling high multiply (halves up), then a shift (halves away from 0)."""
    product = (values << shift.clamp(min=0)) * multiplier
    high = ((product + (1 << 30)) >> 31).clamp(max=(1 << 31) - 1)
    right = (-shift).clamp(min=0)
    half = (1 << right) >> 1
    return high.sign() * ((high.abs() + half) >> right)


def _scaled(values: Tensor, factor: float) -> Tensor:
    multiplier, shift = (torch.from_numpy(part) for part in _split(np.array([factor])))
    return _twice_rounded(values, multiplier, shift)


def _bent(centred: Tensor, slopes: np.ndarray, source: Affine, target: Affine) -> Tensor:
    """Return PRELU: slopes are bytes whose scale, in float32, takes the largest to 127."""
    steepest = max(float(np.abs(slopes).max()), 2.0**-20)
    one, before, after = (np.float32(number) for number in (steepest / 127, source.scale, target.scale))
    whole = torch.from_numpy(np.rint(slopes.astype(np.float32) / one).astype(np.int64)).view(1, -1, 1, 1)
    below = _scaled(centred * whole, float(before * one / after))
    return torch.where(centred < 0, below, _scaled(centred, float(before / after))) + target.zero_point


def _added(inputs: list[Tensor], sources: list[Affine], target: Affine) -> Tensor:
    """Return ADD: both inputs on twice the larger scale with 20 more bits, their sum on the output's."""
    twice = 2 * max(source.scale for source in sources)
    fine = [
        _scaled((x - source.zero_point) << _FINE, source.scale / twice)
        for x, source in zip(inputs, sources, strict=True)
    ]
    return _scaled(fine[0] + fine[1], twice / ((1 << _FINE) * target.scale)) + target.zero_point


def _mean(centred: Tensor, ratio: float) -> Tensor:
    """Return MEAN: the division joins the multiplier, refined by as many bits as the count has, then cut."""
    count = centred.shape[2] * centred.shape[3]
    (multiplier,), (shift,) = (part.tolist() for part in _split(np.array([ratio])))
    bits = min(count.bit_length() - 1, 32, 31 + shift)
    whole = torch.tensor((multiplier << bits) // count), torch.tensor(shift - bits)
    return _twice_rounded(centred.sum((2, 3), keepdim=True), *whole)


def _average(node: Average, x: Tensor) -> Tensor:
    """Return AVERAGE_POOL_2D: the integers' sum over each window by its real pixels, halves away from zero."""
    sums = windows_sum(x.double(), node).round().long()
    counts = real_pixels(x.double(), node).round().long()
    return sums.sign() * ((sums.abs() + counts // 2) // counts)
