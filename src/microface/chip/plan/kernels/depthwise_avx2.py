"""Depthwise convolutions on AVX2 hosts: sixteen channels at a time, two rows of a window interleaved."""

from typing import cast

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, source_of
from microface.chip.plan.kernels.matrix_avx2 import BLOCK
from microface.chip.plan.kernels.requantise import OneRounding, factor_rows, folded_bias, gives, range_fields
from microface.chip.plan.kernels.windows import conv_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import DepthwiseConv2D, Operator

# The order in which interleaving two rows of sixteen channels leaves the channels.
_ORDER = np.r_[0:4, 8:12, 4:8, 12:16]


class DepthwiseAvx2(Kernel):
    """Tables as mf_depthwise_s8_avx2_args says."""

    function = "mf_depthwise_s8_avx2"
    source = "mf_depthwise_s8_avx2.c"
    header = "mf_kernels_avx2.h"
    features = frozenset({"avx2"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any depthwise convolution of at least sixteen channels that gives bytes."""
        fits = isinstance(op, DepthwiseConv2D) and gives(op, network, "s8")
        return fits and source_of(op, network).shape[2] >= BLOCK

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights by pairs of rows, biases and factors, in the order of interleaved channels."""
        depthwise = cast(DepthwiseConv2D, op)
        rule, order = cast(OneRounding, depthwise.requantise), _channels(len(depthwise.bias))
        rows, columns, channels = depthwise.weights.shape
        taps = np.zeros((2 * -(-rows // 2), columns, channels), np.int16)
        taps[:rows] = depthwise.weights
        # [row pair][row][column][block][channel] -> [block][row pair][column][channel][row]
        by_blocks = taps[:, :, order].reshape(-1, 2, columns, *order.shape).transpose(3, 0, 2, 4, 1)
        vectors = {"bias": folded_bias(depthwise, network), "left": rule.left} | factor_rows(rule)
        ordered = {name: vector[order].astype(np.int32) for name, vector in vectors.items()}
        return {"weights": np.ascontiguousarray(by_blocks)} | ordered

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the window, the shapes and the output's range."""
        depthwise = cast(DepthwiseConv2D, op)
        fields = conv_fields(depthwise, network)
        fields["channels"] = fields.pop("input_channels")
        fields.pop("output_channels")
        return fields | range_fields(depthwise.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return a guess: hosts are measured, not planned."""
        return network.cost_of(op).macs // 3


def _channels(channels: int) -> np.ndarray:
    """Return int [blocks, 16]: channels by blocks; the last block ends with the last channel."""
    first = np.minimum(np.arange(0, channels, BLOCK), channels - BLOCK)
    return first[:, None] + _ORDER
