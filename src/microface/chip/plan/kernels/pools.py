"""Portable max pool, average pool, mean over all pixels, and padding."""

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, are_bytes, pixels_of, source_of
from microface.chip.plan.kernels.requantise import highmul_tables, range_fields
from microface.chip.plan.kernels.windows import window_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import AveragePool, MaxPool, Mean, Operator, Pad


class MaxPoolPortable(Kernel):
    """The largest value of each window."""

    function = "mf_max_pool_s8"
    source = "mf_max_pool_s8.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any max pool of bytes."""
        return isinstance(op, MaxPool) and are_bytes(op, network)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the window and the shapes."""
        assert isinstance(op, MaxPool)
        return window_fields(op, network) | {"channels": source_of(op, network).shape[2]}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 22 instructions per cell of a window and 26 per output."""
        assert isinstance(op, MaxPool)
        return network.tensors[op.output].elements * (22 * op.size[0] * op.size[1] + 26)


class AveragePoolPortable(Kernel):
    """The mean over each window's real pixels; one pair of factors for each number of them."""

    function = "mf_average_pool_s8"
    source = "mf_average_pool_s8.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any average pool of bytes."""
        return isinstance(op, AveragePool) and are_bytes(op, network)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the numbers of real pixels and their factors."""
        assert isinstance(op, AveragePool)
        return {"counts": op.counts.astype(np.int32)} | highmul_tables(op.requantise)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the window, the shapes and the output's range."""
        assert isinstance(op, AveragePool)
        source = source_of(op, network)
        extra = {"channels": source.shape[2], "input_zero_point": source.zero_point}
        return window_fields(op, network) | range_fields(op.requantise) | extra

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 12 instructions per cell of a window and 68 per output."""
        assert isinstance(op, AveragePool)
        return network.tensors[op.output].elements * (12 * op.size[0] * op.size[1] + 68)


class MeanPortable(Kernel):
    """The mean over all pixels, channel by channel."""

    function = "mf_mean_s8"
    source = "mf_mean_s8.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any mean of bytes."""
        return isinstance(op, Mean) and are_bytes(op, network)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """A channel is written when all its pixels are read, and never before the first pixel's later channels."""
        return 0

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes, the one pair of factors and the output's range."""
        assert isinstance(op, Mean)
        source, requantise = source_of(op, network), op.requantise
        sizes = {"pixels": pixels_of(source), "channels": source.shape[2], "input_zero_point": source.zero_point}
        factors = {"multiplier": int(requantise.multiplier[0]), "left": int(requantise.left[0])}
        return sizes | factors | range_fields(requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 3.3 instructions per value and 42 per channel."""
        source = source_of(op, network)
        return 33 * source.elements // 10 + 42 * source.shape[2]


class PadPortable(Kernel):
    """Rows and columns of the zero point round the tensor."""

    function = "mf_pad_s8"
    source = "mf_pad_s8.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any padding of bytes."""
        return isinstance(op, Pad) and are_bytes(op, network)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the shapes, the padding and its value."""
        assert isinstance(op, Pad)
        source = source_of(op, network)
        names = ("pad_top", "pad_bottom", "pad_left", "pad_right")
        sizes = dict(zip(("input_height", "input_width", "channels"), source.shape, strict=True))
        return sizes | dict(zip(names, op.padding, strict=True)) | {"input_zero_point": source.zero_point}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 2 instructions per value."""
        return 2 * network.tensors[op.output].elements
