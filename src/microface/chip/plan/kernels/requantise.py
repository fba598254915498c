"""Tables and fields that every kernel with weights or a highmul shares."""

import numpy as np

from microface.chip.plan.kernels.base import Fields, Tables, source_of, target_of
from microface.network.network import IntegerNetwork
from microface.network.nibbles import pack_nibbles
from microface.network.ops import Operator, WeightedOperator
from microface.network.requantise import HighMul, NoRequantise, Requantise


def folded_bias(op: WeightedOperator, network: IntegerNetwork) -> np.ndarray:
    """Return int32 [O]: bias less zero point times the weights' sum, so that kernels sum raw products."""
    return op.folded_bias(source_of(op, network).zero_point).astype(np.int32)


def has_nibbles(op: Operator) -> bool:
    """Say whether the weights of `op` have 4 bits."""
    return isinstance(op, WeightedOperator) and op.weight_bits == 4


def highmul_tables(requantise: Requantise) -> Tables:
    """Return `multiplier` int32 and `left` uint8, or nothing where the output is the accumulator."""
    if not isinstance(requantise, HighMul):
        return {}
    return {"multiplier": requantise.multiplier.astype(np.int32), "left": requantise.left.astype(np.uint8)}


def range_fields(requantise: Requantise) -> Fields:
    """Return `zero_point`, `lo`, `hi`, or nothing where the output is the accumulator."""
    if isinstance(requantise, NoRequantise):
        return {}
    return {"zero_point": requantise.zero_point, "lo": requantise.lo, "hi": requantise.hi}


def gives(op: Operator, network: IntegerNetwork, dtype: str) -> bool:
    """Say whether `op` takes s8 and gives `dtype`: s8 by a highmul, s32 without requantisation."""
    kind = HighMul if dtype == "s8" else NoRequantise
    fits = source_of(op, network).dtype == "s8" and target_of(op, network).dtype == dtype
    return fits and isinstance(getattr(op, "requantise", None), kind)


def nibble_tables(op: WeightedOperator, network: IntegerNetwork) -> Tables:
    """Return the tables of `op` with 4-bit weights: `nibbles` uint8 [O, bytes], each output's begin at a byte."""
    nibbles = np.stack([pack_nibbles(row) for row in op.weights_per_output()])
    return {"nibbles": nibbles, "bias": folded_bias(op, network)} | highmul_tables(op.requantise)
