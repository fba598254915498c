"""Known kernels with TFLite's rounding: the same sources, other constants."""

from typing import ClassVar

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables
from microface.chip.plan.kernels.conv2d import ConvPortable
from microface.chip.plan.kernels.conv2d_dsp import ConvDsp
from microface.chip.plan.kernels.dense_dsp import DenseDsp
from microface.chip.plan.kernels.depthwise import DepthwisePortable
from microface.chip.plan.kernels.depthwise_dsp import Depthwise3x3Dsp, DepthwiseDsp
from microface.chip.plan.kernels.inverted_residual_dsp import InvertedResidualDsp
from microface.chip.plan.kernels.matrix_dsp import pair_channels
from microface.chip.plan.kernels.pointwise import PointwisePortable
from microface.chip.plan.kernels.pointwise_dsp import PointwiseDsp
from microface.chip.plan.kernels.pools import MeanPortable
from microface.chip.plan.kernels.small_dsp import MeanDsp
from microface.chip.plan.kernels.tflite.twins import constant_bias, roundings, rule_of, twin_of
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, Operator, WeightedOperator
from microface.network.ops.tflite import TfliteAdd, TfliteMean
from microface.network.requantise import DoubleRounding, SingleRounding

_MATRIX = ("mf_dsp_matrix_tflite.c", "mf_dsp_panels_tflite.c")
_PLANES = ("mf_dsp_depthwise_tflite.c", "mf_dsp_planes_tflite.c")
_PANEL_BYTES, _WALK_BYTES = 12, 4
"""How much longer than ours the ends of a panel and of a depthwise head are."""
_ROUNDING, _ADDITION = 15, 180
"""Quarters of an instruction per output that a second rounding and TFLite's addition take more than ours."""
SINGLE = 64
"""Added to shifts whose rule rounds once."""


class Rounded(Kernel):
    """A kernel that asks `base` about the twin of an operator."""

    base: ClassVar[Kernel]
    more: ClassVar[tuple[str, ...]] = ()
    more_scratch: ClassVar[int] = 0
    header = "mf_kernels_tflite.h"

    @property
    def sources(self) -> tuple[str, ...]:
        """The file that includes the known kernel, that kernel, and the files that both share."""
        return (self.source, *self.more, *self.base.sources)

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """What the base matches, where an operator has TFLite's rounding."""
        if rule_of(op) is None and not isinstance(op, TfliteMean):
            return False
        twin = twin_of(network)
        return self.base.matches(twin.operators[op.name], twin.network)

    def operators(self, op: Operator, network: IntegerNetwork) -> tuple[Operator, ...]:
        """Return the network's own operators that the base would run."""
        twin = twin_of(network)
        names = [each.name for each in self.base.operators(twin.operators[op.name], twin.network)]
        return tuple(each for each in network.operators if each.name in names)

    def inputs(self, op: Operator, network: IntegerNetwork) -> tuple[str, ...]:
        """Return what the base reads."""
        twin = twin_of(network)
        return self.base.inputs(twin.operators[op.name], twin.network)

    def owner(self, table: str, operators: tuple[Operator, ...]) -> Operator:
        """Return what the base says."""
        return self.base.owner(table, operators)

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the base's scratch and what longer constants take."""
        twin = twin_of(network)
        return self.base.scratch_bytes(twin.operators[op.name], twin.network) + self.more_scratch

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int | None:
        """Return the base's lead."""
        twin = twin_of(network)
        return self.base.lead_bytes(twin.operators[op.name], twin.network)

    def in_place(self, op: Operator, network: IntegerNetwork) -> bool:
        """Return what the base says."""
        twin = twin_of(network)
        return self.base.in_place(twin.operators[op.name], twin.network)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the base's tables with TFLite's factors in `multiplier` and `left`."""
        twin, rule = twin_of(network), rule_of(op)
        tables = self.base.pack(twin.operators[op.name], twin.network)
        assert rule is not None and isinstance(op, WeightedOperator)
        bias = tables["bias"].copy()
        bias[: len(op.bias)] += constant_bias(op, network)
        shift = rule.shift + (SINGLE if isinstance(rule, SingleRounding) else 0)
        return tables | {
            "bias": bias,
            "multiplier": rule.multiplier.astype(np.int32),
            "left": shift.astype(np.int8).view(np.uint8),
        }

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the base's fields."""
        twin = twin_of(network)
        return self.base.fields(twin.operators[op.name], twin.network)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the base's estimate and what the second rounding takes."""
        twin = twin_of(network)
        known = self.base.instructions(twin.operators[op.name], twin.network)
        return known + sum(self._more(each, network) for each in self.operators(op, network)) // 4

    @staticmethod
    def _more(op: Operator, network: IntegerNetwork) -> int:
        """Return quarters of instructions that the outputs of `op` take more than with our rounding."""
        return network.tensors[op.output].elements * (_ADDITION if isinstance(op, TfliteAdd) else _ROUNDING)


class ConvTflite(Rounded):
    """Portable convolutions."""

    function, source, base = "mf_conv2d_s8_tflite", "mf_conv2d_s8_tflite.c", ConvPortable()


class PointwiseTflite(Rounded):
    """Portable pointwise and dense layers."""

    function, source, base = "mf_pointwise_s8_tflite", "mf_pointwise_s8_tflite.c", PointwisePortable()


class DepthwiseTflite(Rounded):
    """Portable depthwise convolutions."""

    function, source, base = "mf_depthwise_s8_tflite", "mf_depthwise_s8_tflite.c", DepthwisePortable()


class MeanTflite(Rounded):
    """Portable means over all pixels."""

    function, source, base = "mf_mean_s8_tflite", "mf_mean_s8_tflite.c", MeanPortable()

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """TFLite's means over rows and columns."""
        return isinstance(op, TfliteMean) and super().matches(op, network)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Nothing: the one factor is a field."""
        return {}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the base's fields with TFLite's factor."""
        assert isinstance(op, TfliteMean)
        multiplier, shift = op.factor
        return super().fields(op, network) | {"multiplier": multiplier, "left": shift & 0xFF}


class MeanTfliteDsp(MeanTflite):
    """Means over all pixels, four channels at a time."""

    function, source, base = "mf_mean_s8_tflite_dsp", "mf_mean_s8_tflite_dsp.c", MeanDsp()
    features = frozenset({"dsp"})


class DepthwiseTfliteDsp(Rounded):
    """Depthwise convolutions of any window by words."""

    function, source, base = "mf_depthwise_s8_tflite_dsp", "mf_depthwise_s8_tflite_dsp.c", DepthwiseDsp()
    features = frozenset({"dsp"})


class DenseTfliteDsp(Rounded):
    """Dense layers, four outputs at a time."""

    function, source, base = "mf_dense_s8_tflite_dsp", "mf_dense_s8_tflite_dsp.c", DenseDsp()
    more = _MATRIX
    features = frozenset({"dsp"})


class FastRounded(Rounded):
    """A kernel whose constants hold the second rounding, so that it takes four instructions per output."""

    features = frozenset({"dsp"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """What the base matches, where every second rounding fits."""
        return super().matches(op, network) and op.name in twin_of(network).fast

    def _tables(self, op: Operator, network: IntegerNetwork) -> Tables:
        twin = twin_of(network)
        return self.base.pack(twin.operators[op.name], twin.network)


class _Matrix(FastRounded):
    """What matrix products share."""

    more, more_scratch = _MATRIX, _PANEL_BYTES

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the base's tables with the second rounding behind each pair's constants."""
        return _with_pairs(self._tables(op, network), "", op, network)


class PointwiseTfliteDsp(_Matrix):
    """1x1 convolutions by 16-bit pairs."""

    function, source, base = "mf_pointwise_s8_tflite_dsp", "mf_pointwise_s8_tflite_dsp.c", PointwiseDsp()


class ConvTfliteDsp(_Matrix):
    """Convolutions by gathered windows."""

    function, source, base = "mf_conv2d_s8_tflite_dsp", "mf_conv2d_s8_tflite_dsp.c", ConvDsp()


class Depthwise3x3TfliteDsp(FastRounded):
    """3x3 depthwise convolutions by channel planes."""

    function, source = "mf_depthwise3x3_s8_tflite_dsp", "mf_depthwise3x3_s8_tflite_dsp.c"
    base, more, more_scratch = Depthwise3x3Dsp(), _PLANES, _WALK_BYTES

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the base's tables with the second rounding behind each channel's constants."""
        return _with_channels(self._tables(op, network), "", op, network)


class _BlockOfTwins(InvertedResidualDsp):
    """Blocks of a twin: its factors are those of the constants and do not say how large values become."""

    def fits_halves(self, op: Conv2D, network: IntegerNetwork) -> bool:
        """Leave that to who knows TFLite's factors."""
        return True


class InvertedResidualTfliteDsp(FastRounded):
    """Expansion, 3x3 depthwise, projection and addition in one call."""

    function, source = "mf_inverted_residual_s8_tflite_dsp", "mf_inverted_residual_s8_tflite_dsp.c"
    base, more = _BlockOfTwins(), (*_MATRIX, *_PLANES, "mf_add_s8_tflite.c")
    more_scratch = _PANEL_BYTES + _WALK_BYTES

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """What the base matches, where every second rounding fits and expanded values fit 16 bits."""
        if not super().matches(op, network):
            return False
        weighted = [each for each in self.operators(op, network) if isinstance(each, WeightedOperator)]
        fits = all(each.name in twin_of(network).fast for each in weighted)
        return fits and (len(weighted) < 3 or _fits_halves(weighted[0], network))

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the base's tables with the second roundings, and the factors of the addition."""
        operators = self.operators(op, network)
        weighted = [each for each in operators if isinstance(each, WeightedOperator)]
        *expand, depthwise, project = weighted
        tables = _with_channels(self._tables(op, network), "depthwise_", depthwise, network)
        tables = _with_pairs(tables, "project_", project, network)
        if expand:
            tables = _with_pairs(tables, "expand_", expand[0], network)
        added = [each for each in operators if isinstance(each, TfliteAdd)]
        return tables | ({"add_constants": _addition(added[0], op.inputs[0], network)} if added else {})


def _with_pairs(tables: Tables, step: str, op: Operator, network: IntegerNetwork) -> Tables:
    assert isinstance(op, WeightedOperator)
    order = pair_channels(len(op.bias))
    behind = [each[order] for each in roundings(op, network)]
    return tables | {f"{step}pairs": np.concatenate([tables[f"{step}pairs"], *behind], axis=1)}


def _with_channels(tables: Tables, step: str, op: Operator, network: IntegerNetwork) -> Tables:
    assert isinstance(op, WeightedOperator)
    behind = np.stack(roundings(op, network), axis=1)
    return tables | {f"{step}constants": np.concatenate([tables[f"{step}constants"], behind], axis=1)}


def _fits_halves(op: WeightedOperator, network: IntegerNetwork) -> bool:
    """Say whether every value before saturation fits 16 bits."""
    rule = op.requantise
    assert isinstance(rule, DoubleRounding)
    largest = op.bound(network.tensors[op.inputs[0]]) * rule.multiplier.astype(np.int64) >> 31
    values = (largest >> rule.right.astype(np.int64)) + 2 + abs(rule.zero_point)
    return int(values.max()) < 1 << 15


def _addition(op: TfliteAdd, first: str, network: IntegerNetwork) -> np.ndarray:
    """Return int32 [9]: three multipliers, three shifts and three zero points, the operand `first` first."""
    operands = list(zip((op.first, op.second), op.inputs, strict=True))
    ordered = operands if op.inputs[0] == first else operands[::-1]
    factors = [*(factor for factor, _ in ordered), op.last]
    zero_points = [*(network.tensors[name].zero_point for _, name in ordered), op.zero_point]
    values = [*(factor[0] for factor in factors), *(-factor[1] for factor in factors), *zero_points]
    return np.array(values, np.int32)
