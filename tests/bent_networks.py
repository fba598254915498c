"""Random networks whose layers have PReLUs in their requantisation."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from microface.network import IntegerNetwork
from microface.network.ops import Add, Operator, WeightedOperator
from microface.network.requantise import HighMul, HighMulPrelu


def with_prelus(network: IntegerNetwork, without: Collection[str] = (), seed: int = 0) -> IntegerNetwork:
    """Return `network` with slopes of both signs in every layer but those called in `without`."""
    random, tensors, operators = np.random.default_rng(seed), dict(network.tensors), []
    for op in network.operators:
        made: Operator = op
        if isinstance(op, WeightedOperator) and op.name not in without:
            rule = _bent(op.requantise, random)
            tensors[op.output] = replace(tensors[op.output], zero_point=rule.zero_point)
            made = replace(op, requantise=rule)
        elif isinstance(op, Add):
            made = Add.between(op.name, *(tensors[name] for name in (*op.inputs, op.output)), op.lo, op.hi)
        operators.append(made)
    return IntegerNetwork(network.name, tensors, tuple(operators), network.inputs, network.outputs)


def _bent(rule: object, random: np.random.Generator) -> HighMulPrelu:
    """Return `rule` with slopes; values of both signs are told apart."""
    assert isinstance(rule, HighMul)
    scales = rule.multiplier * np.exp2(rule.left.astype(np.float64) - 32)
    slopes = random.choice([-1.2, -0.3, 0.0, 0.25, 0.5, 1.3], len(scales))
    return HighMulPrelu.from_scales(scales, slopes, int(random.integers(-70, 20)))
