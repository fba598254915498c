"""A network with TFLite's rounding as its twin with ours: the same shapes and weights, for which kernels are known.

Kernels with TFLite's rounding are the same C sources with another requantisation, so their descriptors ask the known
ones about the twin: what fits, scratch, layout of weights. Only constants differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from microface.network.network import IntegerNetwork
from microface.network.ops import Add, Mean, Operator, WeightedOperator
from microface.network.ops.tflite import TfliteAdd, TfliteMean, WideDepthwise
from microface.network.requantise import DoubleRounding, HighMul, SingleRounding
from microface.network.tensors import Tensor

LARGEST_RIGHT = 22
"""zero_point * 2^right fits 32 bits up to here."""


@dataclass(frozen=True)
class Twin:
    """The twin `network` and its operators by name; `fast` names those that the _dsp constants can hold."""

    network: IntegerNetwork
    operators: Mapping[str, Operator]
    fast: frozenset[str]


@lru_cache(maxsize=4)
def twin_of(network: IntegerNetwork) -> Twin:
    """Return the twin of `network`; operators without one stay as they are."""
    operators = tuple(_twin(op, network) for op in network.operators)
    twin = IntegerNetwork(network.name, network.tensors, operators, network.inputs, network.outputs)
    fast = frozenset(op.name for op in network.operators if _is_fast(op, network))
    return Twin(twin, {op.name: op for op in operators}, fast)


def rule_of(op: Operator) -> DoubleRounding | None:
    """Return the TFLite rounding of an operator with weights, or None."""
    rule = getattr(op, "requantise", None)
    return rule if isinstance(rule, DoubleRounding) else None


def _twin(op: Operator, network: IntegerNetwork) -> Operator:
    rule = rule_of(op)
    if not op.inputs or isinstance(op, WideDepthwise):
        return op
    source, target = network.tensors[op.inputs[0]], network.tensors[op.output]
    if {source.dtype, target.dtype} != {"s8"}:
        return op
    if isinstance(op, WeightedOperator) and rule is not None:
        return _weighted(op, rule, network)
    if isinstance(op, TfliteMean) and set(op.axes) == {0, 1}:
        factors = np.zeros(1, np.int32), np.array([op.factor[0]], np.int32)
        return Mean(op.name, op.inputs, op.output, HighMul(*factors, op.zero_point, op.lo, op.hi))
    if isinstance(op, TfliteAdd) and adds_alike(op, network):
        return Add(op.name, op.inputs, op.output, 1, 1, 0, 0, op.lo, op.hi)
    return op


def adds_alike(op: TfliteAdd, network: IntegerNetwork) -> bool:
    """Say whether `op` adds two computed tensors of bytes and of one shape."""
    tensors = [network.tensors[name] for name in (*op.inputs, op.output)]
    alike = len(op.inputs) == 2 and all((each.dtype, each.shape) == ("s8", tensors[0].shape) for each in tensors)
    return alike and op.fine == 20


def _weighted(op: WeightedOperator, rule: DoubleRounding, network: IntegerNetwork) -> Operator:
    """Return the twin: channels whose output never changes get weights and a bias of 0."""
    alive = ~constant_channels(op, rule, network)
    weights = op.weights * _along_outputs(alive, op)
    doubled = (rule.multiplier.astype(np.int64) * 2 - (1 << 32)) * alive
    ours = HighMul(np.zeros(len(alive), np.int32), doubled.astype(np.int32), rule.zero_point, rule.lo, rule.hi)
    return replace(op, weights=weights.astype(np.int8), bias=(op.bias * alive).astype(np.int32), requantise=ours)


def constant_channels(op: WeightedOperator, rule: DoubleRounding, network: IntegerNetwork) -> np.ndarray:
    """Return bool [O]: channels with a second rounding too far for the _dsp constants whose output never changes.

    Converters write them for dead channels: a scale near 0, and a bias as large as that makes it.
    """
    source = network.tensors[op.inputs[0]]
    least, most = np.sort([constant_outputs(op, rule, network, side * _reach(op, source)) for side in (-1, 1)], axis=0)
    return ((rule.multiplier == 0) | (rule.right > LARGEST_RIGHT)) & (least == most)


def constant_outputs(
    op: WeightedOperator, rule: DoubleRounding, network: IntegerNetwork, beside: np.ndarray | int = 0
) -> np.ndarray:
    """Return int64 [O]: the outputs of the sums that an input of zeros gives, and something `beside` them."""
    return rule.apply(op.folded_bias(network.tensors[op.inputs[0]].zero_point) + beside)


def _reach(op: WeightedOperator, source: Tensor) -> np.ndarray:
    """Return int64 [O]: by how much a sum may differ from that of an input of zeros."""
    return np.abs(op.weights_per_output()).sum(axis=1) * max(-source.lowest, source.highest)


def _along_outputs(mask: np.ndarray, op: WeightedOperator) -> np.ndarray:
    """Return `mask` [O] in a shape that multiplies the weights: outputs are the last axis of depthwise weights."""
    return mask if op.kind == "depthwise_conv2d" else mask.reshape(-1, *[1] * (op.weights.ndim - 1))


def _is_fast(op: Operator, network: IntegerNetwork) -> bool:
    """Say whether every channel has a second rounding that the _dsp constants can hold, or is constant."""
    rule = rule_of(op)
    if rule is None or isinstance(rule, SingleRounding) or not isinstance(op, WeightedOperator):
        return False
    usual = (rule.right >= 1) & (rule.right <= LARGEST_RIGHT)
    return bool(np.all(usual | constant_channels(op, rule, network)))


def roundings(op: WeightedOperator, network: IntegerNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Return int32 [O] twice: 2^(right - 1) + zero_point * 2^right, and right; a constant channel's output for its
    zero point, and 1.
    """
    rule = op.requantise
    assert isinstance(rule, DoubleRounding)
    constant = constant_channels(op, rule, network)
    right = np.where(constant, 1, rule.right).astype(np.int64)
    point = np.where(constant, constant_outputs(op, rule, network), rule.zero_point)
    offset = (np.int64(1) << (right - 1)) + point * (np.int64(1) << right)
    return offset.astype(np.int32), right.astype(np.int32)


def constant_bias(op: WeightedOperator, network: IntegerNetwork) -> np.ndarray:
    """Return int32 [O]: what a constant channel's sum is, 0 for others; the twin has no bias there."""
    rule = op.requantise
    assert isinstance(rule, DoubleRounding)
    folded = op.folded_bias(network.tensors[op.inputs[0]].zero_point)
    return (folded * constant_channels(op, rule, network)).astype(np.int32)
