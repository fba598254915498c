"""Known kernels of AVX2 hosts with TFLite's rounding."""

from dataclasses import replace

from microface.chip.plan.kernels.base import Tables
from microface.chip.plan.kernels.depthwise_avx2 import DepthwiseAvx2
from microface.chip.plan.kernels.matrix_avx2 import ConvAvx2, PointwiseAvx2
from microface.chip.plan.kernels.tflite.rounded import Rounded
from microface.chip.plan.kernels.tflite.twins import constant_bias, rule_of, twin_of
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator, WeightedOperator
from microface.network.requantise import HighMul, SingleRounding


class _RoundedAvx2(Rounded):
    """What they share: `left` holds TFLite's shifts, and every channel rounds twice."""

    header = "mf_kernels_tflite_avx2.h"
    features = frozenset({"avx2"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """What the base matches, but for operators that round once."""
        return super().matches(op, network) and not isinstance(rule_of(op), SingleRounding)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the base's tables of the twin with TFLite's factors in the place of ours."""
        rule, twin = rule_of(op), twin_of(network)
        assert rule is not None
        other = twin.operators[op.name]
        assert isinstance(other, WeightedOperator) and isinstance(op, WeightedOperator)
        factors = HighMul(rule.shift, rule.multiplier, rule.zero_point, rule.lo, rule.hi)
        return self.base.pack(
            replace(other, bias=other.bias + constant_bias(op, network), requantise=factors), twin.network
        )


class ConvTfliteAvx2(_RoundedAvx2):
    """Convolutions by gathered windows."""

    function, source, base = "mf_conv2d_s8_tflite_avx2", "mf_conv2d_s8_tflite_avx2.c", ConvAvx2()
    more = ("mf_avx2_matrix_tflite.c",)


class PointwiseTfliteAvx2(_RoundedAvx2):
    """Pointwise convolutions."""

    function, source, base = "mf_pointwise_s8_tflite_avx2", "mf_pointwise_s8_tflite_avx2.c", PointwiseAvx2()
    more = ("mf_avx2_matrix_tflite.c",)


class DepthwiseTfliteAvx2(_RoundedAvx2):
    """Depthwise convolutions of at least sixteen channels."""

    function, source, base = "mf_depthwise_s8_tflite_avx2", "mf_depthwise_s8_tflite_avx2.c", DepthwiseAvx2()
