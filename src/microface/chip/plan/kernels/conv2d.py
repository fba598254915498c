"""Portable convolutions: any kernel, stride, padding, dilation; s8 or s32 out."""

from typing import ClassVar, cast

from microface.chip.plan.kernels.base import Fields, Kernel, Tables
from microface.chip.plan.kernels.requantise import (
    folded_bias,
    gives,
    has_nibbles,
    highmul_tables,
    nibble_tables,
    range_fields,
)
from microface.chip.plan.kernels.windows import conv_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, Operator


class ConvPortable(Kernel):
    """Weights [O][KH][KW][I]."""

    function = "mf_conv2d_s8"
    source = "mf_conv2d_s8.c"
    output: ClassVar[str] = "s8"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any convolution of bytes whose output has this kernel's type."""
        return isinstance(op, Conv2D) and gives(op, network, self.output)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the weights as the network has them."""
        conv = cast(Conv2D, op)
        tables = {"weights": conv.weights, "bias": folded_bias(conv, network)}
        return tables | highmul_tables(conv.requantise)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the window, the shapes and the output's range."""
        conv = cast(Conv2D, op)
        return conv_fields(conv, network) | range_fields(conv.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 50 instructions per output and cell of its window, and 6.8 per multiply-accumulate."""
        cells = 1 + cast(Conv2D, op).window.size[0] * cast(Conv2D, op).window.size[1]
        return 50 * cells * network.tensors[op.output].elements + 68 * network.cost_of(op).macs // 10


class ConvNibbles(ConvPortable):
    """Weights of 4 bits [O][bytes of KH * KW * I]."""

    function = "mf_conv2d_s4"
    source = "mf_conv2d_s4.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """The same with weights of 4 bits."""
        return super().matches(op, network) and has_nibbles(op)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the weights two per byte."""
        return nibble_tables(cast(Conv2D, op), network)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 4 instructions per multiply-accumulate more than with bytes."""
        return super().instructions(op, network) + 4 * network.cost_of(op).macs


class ConvPortable32(ConvPortable):
    """The same with the accumulators as output."""

    function = "mf_conv2d_s8_s32"
    source = "mf_conv2d_s8_s32.c"
    output = "s32"
