"""Layers with a PReLU in their requantisation as a layer and a PRELU: TFLite rounds in between, so bits differ."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from microface.errors import UserError
from microface.network.convert.factors import factors_of
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator, WeightedOperator
from microface.network.ops.tflite import TflitePrelu
from microface.network.requantise import HighMul, HighMulPrelu
from microface.network.tensors import Tensor

_LEAST_SLOPE = 2.0**-10
_REACH = 1.5
"""How far below zero sums are told apart at most, as a multiple of the output's reach."""


def prelus_apart(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` with every such layer as two operators, and itself where there is none."""
    if not any(_has_prelu(op) for op in network.operators):
        return network
    tensors, operators = dict(network.tensors), list[Operator]()
    for op in network.operators:
        operators += _apart(op, tensors) if isinstance(op, WeightedOperator) and _has_prelu(op) else [op]
    return IntegerNetwork(network.name, tensors, tuple(operators), network.inputs, network.outputs)


def _has_prelu(op: Operator) -> bool:
    return isinstance(getattr(op, "requantise", None), HighMulPrelu)


def _apart(op: WeightedOperator, tensors: dict[str, Tensor]) -> Iterator[Operator]:
    """Yield layer and PRELU; `tensors` takes what lies between them."""
    rule, output = op.requantise, tensors[op.output]
    assert isinstance(rule, HighMulPrelu)
    if (rule.lo, rule.hi) != (output.lowest, output.highest):
        raise UserError(f"operator {op.name}", f"cuts to {rule.lo}..{rule.hi} behind a PReLU", "quantise it again")
    low, high = _range(rule, output)
    scale = (high - low) / 255
    point = int(np.clip(np.floor(-128 - low / scale + 0.5), -128, 127))
    straight = Tensor(f"{op.output}_straight", output.shape, output.dtype, scale, point)
    tensors[straight.name] = straight
    factors = factors_of(op, "TFLite") * output.scale / scale
    yield replace(op, output=straight.name, requantise=HighMul.from_scales(factors, point))
    yield TflitePrelu.with_slopes(f"{op.name}_prelu", straight, output, rule.slopes)


def _range(rule: HighMulPrelu, output: Tensor) -> tuple[float, float]:
    """Return from where to where sums are told apart, in real values.

    Above zero that is the output's end. Below it is where the output ends in every channel, but not much further than
    the output reaches: flat slopes would take all steps away from the others.
    """
    ends = [output.scale * (end - output.zero_point) for end in (output.lowest, output.highest)]
    slopes = np.where(np.abs(rule.slopes) < _LEAST_SLOPE, _LEAST_SLOPE, rule.slopes)
    needed = float(np.where(slopes > 0, ends[0] / slopes, ends[1] / slopes).min())
    return max(needed, -_REACH * max(-ends[0], ends[1])), max(ends[1], output.scale)
