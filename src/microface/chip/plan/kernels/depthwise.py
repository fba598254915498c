"""Portable depthwise convolutions: any kernel, stride, padding, dilation; s8 or s32 out."""

from types import UnionType
from typing import ClassVar, cast

from microface.chip.plan.kernels.base import Fields, Kernel, Tables
from microface.chip.plan.kernels.requantise import (
    OneRounding,
    folded_bias,
    gives,
    has_nibbles,
    highmul_tables,
    range_fields,
)
from microface.chip.plan.kernels.windows import conv_fields
from microface.network.network import IntegerNetwork
from microface.network.nibbles import pack_nibbles
from microface.network.ops import DepthwiseConv2D, Operator
from microface.network.requantise import Requantise


class DepthwisePortable(Kernel):
    """Weights [KH][KW][C]."""

    function = "mf_depthwise_s8"
    source = "mf_depthwise_s8.c"
    output: ClassVar[str] = "s8"
    rules: ClassVar[type[Requantise] | UnionType] = OneRounding

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any depthwise convolution of bytes whose output has this kernel's type."""
        return isinstance(op, DepthwiseConv2D) and gives(op, network, self.output, self.rules)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the weights as the network has them."""
        depthwise = cast(DepthwiseConv2D, op)
        tables = {"weights": depthwise.weights, "bias": folded_bias(depthwise, network)}
        return tables | highmul_tables(depthwise.requantise)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the window, the shapes and the output's range."""
        depthwise = cast(DepthwiseConv2D, op)
        return conv_fields(depthwise, network) | range_fields(depthwise.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 65 instructions per output and 24 per cell of its window."""
        return 65 * network.tensors[op.output].elements + 24 * network.cost_of(op).macs


class DepthwiseNibbles(DepthwisePortable):
    """Weights of 4 bits [bytes of KH * KW * C]."""

    function = "mf_depthwise_s4"
    source = "mf_depthwise_s4.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """The same with weights of 4 bits."""
        return super().matches(op, network) and has_nibbles(op)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the weights two per byte."""
        depthwise = cast(DepthwiseConv2D, op)
        tables = {"nibbles": pack_nibbles(depthwise.weights), "bias": folded_bias(depthwise, network)}
        return tables | highmul_tables(depthwise.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 65 instructions per output and 28 per cell of its window."""
        return 65 * network.tensors[op.output].elements + 28 * network.cost_of(op).macs


class DepthwisePortable32(DepthwisePortable):
    """The same with the accumulators as output."""

    function = "mf_depthwise_s8_s32"
    source = "mf_depthwise_s8_s32.c"
    output = "s32"
