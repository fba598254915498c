"""Dense layers on Armv7E-M: the input widened once, four outputs at a time."""

from types import UnionType
from typing import ClassVar, cast

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, source_of
from microface.chip.plan.kernels.matrix_dsp import MATRIX_HELPERS, weights_or_nibbles
from microface.chip.plan.kernels.requantise import folded_bias, gives, highmul_tables, range_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import Dense, Operator
from microface.network.requantise import HighMul, Requantise


class DenseDsp(Kernel):
    """Tables as mf_dense_s8_dsp_args says."""

    function = "mf_dense_s8_dsp"
    source = "mf_dense_s8_dsp.c"
    helpers = MATRIX_HELPERS
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})
    rules: ClassVar[type[Requantise] | UnionType] = HighMul

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any dense operator on bytes that gives bytes."""
        return isinstance(op, Dense) and gives(op, network, "s8", self.rules)

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of the widened input."""
        return 8 * _groups(op, network)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """The input is widened before anything is written."""
        return 0

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights by four outputs, padded bias, factors."""
        dense = cast(Dense, op)
        outputs, inputs = dense.weights.shape
        quads, groups = -(-outputs // 4), _groups(op, network)
        weights, bias = np.zeros((4 * quads, 4 * groups), np.int8), np.zeros(4 * quads, np.int32)
        weights[:outputs, :inputs], bias[:outputs] = dense.weights, folded_bias(dense, network)
        by_quads = np.ascontiguousarray(weights.reshape(quads, 4, groups, 4).transpose(0, 2, 1, 3))
        by_rows = by_quads.reshape(quads, groups, 2, 8)
        tables = {**weights_or_nibbles(by_rows, dense.weight_bits), "bias": bias}
        return tables | highmul_tables(dense.requantise)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes and the output's range."""
        dense = cast(Dense, op)
        outputs, inputs = dense.weights.shape
        sizes = {"inputs": inputs, "outputs": outputs, "groups": _groups(op, network)}
        return sizes | range_fields(dense.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what widening, sums and requantisation take."""
        dense, groups = cast(Dense, op), _groups(op, network)
        outputs, per_group = len(dense.bias), 19 if dense.weight_bits == 8 else 24
        return 40 + 6 * groups + -(-outputs // 4) * (40 + per_group * groups) + 14 * outputs


def _groups(op: Operator, network: IntegerNetwork) -> int:
    """Return the groups of four inputs, made even."""
    return 2 * -(-source_of(op, network).elements // 8)
