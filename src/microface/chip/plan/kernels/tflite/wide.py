"""Kernels with weights on 16-bit activations, whose sums have 64 bits, and of sums that are rounded as real numbers."""

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, source_of, target_of
from microface.chip.plan.kernels.pointwise import as_matrix, is_pointwise
from microface.chip.plan.kernels.requantise import folded_bias, range_fields
from microface.chip.plan.kernels.windows import conv_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, Dense, DepthwiseConv2D, Operator, WeightedOperator
from microface.network.ops.tflite import WideDepthwise
from microface.network.requantise import DoubleRounding, RealRounding, WideRounding


class Conv16(Kernel):
    """Convolutions: weights [O][KH][KW][I]."""

    function = "mf_conv2d_s16"
    source = "mf_conv2d_s16.c"
    header = "mf_kernels_s16.h"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any convolution of 16 bits."""
        return isinstance(op, Conv2D) and _is_wide(op, network)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights, 64-bit bias and factors."""
        assert isinstance(op, WeightedOperator)
        return {"weights": op.weights, "bias": op.bias.astype(np.int64)} | _factors(op)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the window, the shapes and the output's range."""
        assert isinstance(op, Conv2D | DepthwiseConv2D)
        window = conv_fields(op, network)
        del window["input_zero_point"]
        return window | _range(op)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 75 instructions per output, 45 per row of its window, and 7 per multiply-accumulate."""
        assert isinstance(op, Conv2D)
        outputs, rows = target_of(op, network).elements, op.window.size[0]
        return (75 + 45 * rows) * outputs + 7 * network.cost_of(op).macs


class Depthwise16(Conv16):
    """Depthwise convolutions: weights [KH][KW][C]."""

    function = "mf_depthwise_s16"
    source = "mf_depthwise_s16.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any depthwise convolution of 16 bits."""
        return isinstance(op, DepthwiseConv2D) and _is_wide(op, network)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 80 instructions per output and 20 per multiply-accumulate."""
        return 80 * target_of(op, network).elements + 20 * network.cost_of(op).macs


class Pointwise16(Conv16):
    """1x1 convolutions of stride 1: weights [O][I]."""

    function = "mf_pointwise_s16"
    source = "mf_pointwise_s16.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any pointwise convolution of 16 bits."""
        return is_pointwise(op) and _is_wide(op, network)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of the matrices and the output's range."""
        return as_matrix(op, network) | _range(op)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 6 instructions per multiply-accumulate and 75 per output."""
        return 6 * network.cost_of(op).macs + 75 * target_of(op, network).elements


class PointwiseReal(Kernel):
    """Pointwise and dense layers of bytes whose sums are multiplied in double."""

    function = "mf_pointwise_s8_real"
    source = "mf_pointwise_s8_real.c"
    header = "mf_kernels_s16.h"
    dtype = "s8"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Layers of this type with real rounding."""
        if not isinstance(op, Dense | Conv2D) or not isinstance(op.requantise, RealRounding):
            return False
        ends = {source_of(op, network).dtype, target_of(op, network).dtype}
        return (isinstance(op, Dense) or is_pointwise(op)) and ends == {self.dtype}

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights, folded 64-bit bias and the bits of the scales."""
        assert isinstance(op, WeightedOperator) and isinstance(op.requantise, RealRounding)
        bias = op.folded_bias(source_of(op, network).zero_point)
        scales = np.ascontiguousarray(op.requantise.scales, "<f8").view("<u4").astype(np.uint32)
        return {"weights": op.weights, "bias": bias, "scales": scales}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of the matrices, zero point and range."""
        return as_matrix(op, network) | _range(op) | {"zero_point": target_of(op, network).zero_point}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 5 instructions per multiply-accumulate and 180 per output, for double without hardware."""
        return 5 * network.cost_of(op).macs + 180 * target_of(op, network).elements


class PointwiseReal16(PointwiseReal):
    """The same on 16 bits."""

    function = "mf_pointwise_s16_real"
    source = "mf_pointwise_s16_real.c"
    dtype = "s16"


class DepthwiseWideWeights(Kernel):
    """Depthwise convolutions of bytes with weights of 16 bits [KH][KW][C]."""

    function = "mf_depthwise_s8_w16_tflite"
    source = "mf_depthwise_s8_w16_tflite.c"
    header = "mf_kernels_tflite.h"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Those with TFLite's two roundings."""
        return isinstance(op, WideDepthwise) and type(op.requantise) is DoubleRounding

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights, bias and factors."""
        assert isinstance(op, WideDepthwise) and isinstance(op.requantise, DoubleRounding)
        factors = {"multiplier": op.requantise.multiplier, "shift": op.requantise.shift.astype(np.int8)}
        return {"weights": op.weights, "bias": folded_bias(op, network)} | factors

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of a pixel's sums."""
        return 4 * target_of(op, network).shape[2]

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the window, the shapes and the output's range."""
        assert isinstance(op, WideDepthwise)
        return conv_fields(op, network) | range_fields(op.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 40 instructions per output and 6 per multiply-accumulate."""
        return 40 * target_of(op, network).elements + 6 * network.cost_of(op).macs


def _is_wide(op: Operator, network: IntegerNetwork) -> bool:
    """Say whether `op` takes and gives 16 bits and rounds a 64-bit sum."""
    ends = [(each.dtype, each.zero_point) for each in (source_of(op, network), target_of(op, network))]
    return ends == [("s16", 0)] * 2 and isinstance(getattr(op, "requantise", None), WideRounding)


def _factors(op: WeightedOperator) -> Tables:
    """Return the multipliers of 16 bits and their right shifts."""
    assert isinstance(op.requantise, WideRounding)
    return {"multiplier": op.requantise.short.astype(np.int16), "right": op.requantise.bits.astype(np.uint8)}


def _range(op: Operator) -> Fields:
    """Return the least and greatest output."""
    assert isinstance(op, WeightedOperator) and isinstance(op.requantise, WideRounding | RealRounding)
    return {"lo": op.requantise.lo, "hi": op.requantise.hi}


WEIGHTED_KERNELS = (Pointwise16(), Conv16(), Depthwise16(), PointwiseReal(), PointwiseReal16(), DepthwiseWideWeights())
"""Kernels with weights on 16-bit activations, with real rounding, and with weights of 16 bits."""
