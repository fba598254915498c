"""Portable 1x1 convolutions of stride 1, and dense layers as the case of one pixel; s8 or s32 out."""

from typing import ClassVar

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, pixels_of, source_of
from microface.chip.plan.kernels.requantise import (
    folded_bias,
    gives,
    has_nibbles,
    highmul_tables,
    nibble_tables,
    range_fields,
)
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, Dense, Operator


def is_pointwise(op: Operator) -> bool:
    """Say whether `op` is a 1x1 convolution of stride 1 without padding."""
    return isinstance(op, Conv2D) and (*op.window.size, *op.stride, *op.padding) == (1, 1, 1, 1, 0, 0, 0, 0)


def as_matrix(op: Operator, network: IntegerNetwork) -> Fields:
    """Return pixels, input and output channels of a pointwise or dense `op`."""
    source = source_of(op, network)
    pixels = 1 if isinstance(op, Dense) else pixels_of(source)
    outputs = network.tensors[op.output].shape[2]
    return {"pixels": pixels, "input_channels": source.elements // pixels, "output_channels": outputs}


class PointwisePortable(Kernel):
    """Weights [O][I]."""

    function = "mf_pointwise_s8"
    source = "mf_pointwise_s8.c"
    output: ClassVar[str] = "s8"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any pointwise or dense operator on bytes whose output has this kernel's type."""
        return (isinstance(op, Dense) or is_pointwise(op)) and gives(op, network, self.output)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the weights as the network has them."""
        assert isinstance(op, Conv2D | Dense)
        return {"weights": op.weights, "bias": folded_bias(op, network)} | highmul_tables(op.requantise)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of the matrices and the output's range."""
        assert isinstance(op, Conv2D | Dense)
        return as_matrix(op, network) | range_fields(op.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 5 instructions per multiply-accumulate and 41 per output."""
        return 5 * network.cost_of(op).macs + 41 * network.tensors[op.output].elements


class PointwiseNibbles(PointwisePortable):
    """Weights of 4 bits [O][ceil(I / 2)]."""

    function = "mf_pointwise_s4"
    source = "mf_pointwise_s4.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """The same with weights of 4 bits."""
        return super().matches(op, network) and has_nibbles(op)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the weights two per byte."""
        assert isinstance(op, Conv2D | Dense)
        return nibble_tables(op, network)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 9 instructions per multiply-accumulate and 41 per output."""
        return 9 * network.cost_of(op).macs + 41 * network.tensors[op.output].elements


class PointwiseNibbles32(PointwiseNibbles):
    """The same with the accumulators as output."""

    function = "mf_pointwise_s4_s32"
    source = "mf_pointwise_s4_s32.c"
    output = "s32"


class PointwisePortable32(PointwisePortable):
    """The same with the accumulators as output."""

    function = "mf_pointwise_s8_s32"
    source = "mf_pointwise_s8_s32.c"
    output = "s32"

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 4.5 instructions per multiply-accumulate and 22 per output."""
        return 45 * network.cost_of(op).macs // 10 + 22 * network.tensors[op.output].elements
