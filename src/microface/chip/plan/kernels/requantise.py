"""Tables and fields that every kernel with weights or a highmul shares."""

from types import UnionType

import numpy as np

from microface.chip.plan.kernels.base import Fields, Tables, source_of, target_of
from microface.network.network import IntegerNetwork
from microface.network.nibbles import pack_nibbles
from microface.network.ops import Operator, WeightedOperator
from microface.network.requantise import HighMul, HighMulPrelu, NoRequantise, Requantise

OneRounding = HighMul | HighMulPrelu
"""The rules of our own kernels that give bytes."""


def folded_bias(op: WeightedOperator, network: IntegerNetwork) -> np.ndarray:
    """Return int32 [O]: bias less zero point times the weights' sum, so that kernels sum raw products."""
    return op.folded_bias(source_of(op, network).zero_point).astype(np.int32)


def has_nibbles(op: Operator) -> bool:
    """Say whether the weights of `op` have 4 bits."""
    return isinstance(op, WeightedOperator) and op.weight_bits == 4


def highmul_tables(requantise: Requantise) -> Tables:
    """Return `multiplier` and, with a PReLU, `below` int32, `left` uint8; nothing where accumulators are the output."""
    if not isinstance(requantise, OneRounding):
        return {}
    return factor_rows(requantise) | {"left": requantise.left.astype(np.uint8)}


def factor_rows(rule: OneRounding) -> Tables:
    """Return int32 [O]: `multiplier` and, with a PReLU, `below`."""
    rows = {"multiplier": rule.multiplier.astype(np.int32)}
    return rows | ({"below": rule.below.astype(np.int32)} if isinstance(rule, HighMulPrelu) else {})


def dsp_factors(rule: OneRounding) -> np.ndarray:
    """Return int32 [K, O]: the multipliers and, with a PReLU, what is added to them below zero, modulo 2^32."""
    if not isinstance(rule, HighMulPrelu):
        return rule.multiplier[None].astype(np.int32)
    more = rule.below.astype(np.int64) - rule.multiplier.astype(np.int64)
    return np.stack([rule.multiplier.astype(np.int64), more]).astype(np.uint32).view(np.int32)


def range_fields(requantise: Requantise) -> Fields:
    """Return `zero_point`, `lo`, `hi`, or nothing where the output is the accumulator."""
    if isinstance(requantise, NoRequantise):
        return {}
    return {"zero_point": requantise.zero_point, "lo": requantise.lo, "hi": requantise.hi}


def gives(op: Operator, network: IntegerNetwork, dtype: str, rules: type[Requantise] | UnionType = OneRounding) -> bool:
    """Say whether `op` takes s8 and gives `dtype`: s8 by one of `rules`, s32 without requantisation."""
    kind = rules if dtype == "s8" else NoRequantise
    fits = source_of(op, network).dtype == "s8" and target_of(op, network).dtype == dtype
    return fits and isinstance(getattr(op, "requantise", None), kind)


def nibble_tables(op: WeightedOperator, network: IntegerNetwork) -> Tables:
    """Return the tables of `op` with 4-bit weights: `nibbles` uint8 [O, bytes], each output's begin at a byte."""
    nibbles = np.stack([pack_nibbles(row) for row in op.weights_per_output()])
    return {"nibbles": nibbles, "bias": folded_bias(op, network)} | highmul_tables(op.requantise)
