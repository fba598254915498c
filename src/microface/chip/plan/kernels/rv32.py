"""Matrices and depthwise 3x3 on RV32IM: three pixels times four outputs, a channel's plane at a time; no SIMD."""

from typing import cast

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, pixels_of, source_of, target_of
from microface.chip.plan.kernels.pointwise import as_matrix, is_pointwise
from microface.chip.plan.kernels.requantise import folded_bias, gives, has_nibbles, highmul_tables, range_fields
from microface.chip.plan.kernels.windows import conv_fields, window_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, DepthwiseConv2D, Operator, WeightedOperator

OUTPUTS, PIXELS = 4, 3


class PointwiseRv32(Kernel):
    """Tables as mf_matrix_rv32_args says."""

    function = "mf_pointwise_s8_rv32"
    source = "mf_pointwise_s8_rv32.c"
    helpers = ("mf_rv32_matrix.c",)
    header = "mf_kernels_rv32.h"
    features = frozenset({"rv32"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any pointwise operator of several pixels on bytes that gives bytes; one pixel alone gains nothing."""
        return is_pointwise(op) and as_matrix(op, network)["pixels"] > 1 and _gives_bytes(op, network)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights, biases and factors by blocks of four outputs."""
        weighted = cast(WeightedOperator, op)
        tables = {"bias": folded_bias(weighted, network)} | highmul_tables(weighted.requantise)
        return {"weights": _interleaved(weighted)} | {name: _padded(table) for name, table in tables.items()}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of the matrices and the output's range."""
        rule = cast(WeightedOperator, op).requantise
        channels = {"output_channels": target_of(op, network).shape[2]}
        return self._sizes(op, network) | channels | range_fields(rule)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return 129 instructions per four inputs of three pixels and four outputs, and about 22 per output."""
        sizes, outputs = self._sizes(op, network), target_of(op, network).shape[2]
        blocks, tiles = -(-outputs // OUTPUTS), -(-sizes["pixels"] // PIXELS)
        sums = 129 * (sizes["inputs"] // 4) + 37 * (sizes["inputs"] % 4) + 174
        return tiles * (74 + blocks * sums) + 22 * sizes["pixels"] * outputs

    def _sizes(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return pixels and inputs of each."""
        sizes = as_matrix(op, network)
        return {"pixels": sizes["pixels"], "inputs": sizes["input_channels"]}


class ConvRv32(PointwiseRv32):
    """The same for gathered windows."""

    function = "mf_conv2d_s8_rv32"
    source = "mf_conv2d_s8_rv32.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any convolution on bytes that gives bytes."""
        return isinstance(op, Conv2D) and not is_pointwise(op) and _gives_bytes(op, network)

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of three windows."""
        return -(-PIXELS * self._sizes(op, network)["inputs"] // 4) * 4

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of the matrices, the window and the output's range."""
        window = conv_fields(cast(Conv2D, op), network)
        window.pop("output_height")
        return window | super().fields(op, network)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what the matrix takes, and for gathering 9 per byte of a window and 28 per cell."""
        window, pixels = cast(Conv2D, op).window.size, self._sizes(op, network)["pixels"]
        cells = window[0] * window[1]
        gathering = pixels * (50 + cells * (28 + 9 * source_of(op, network).shape[2]))
        return gathering + super().instructions(op, network)

    def _sizes(self, op: Operator, network: IntegerNetwork) -> Fields:
        return {"pixels": pixels_of(target_of(op, network)), "inputs": cast(Conv2D, op).weights[0].size}


class Depthwise3x3Rv32(Kernel):
    """Tables as mf_depthwise3x3_s8_rv32_args says."""

    function = "mf_depthwise3x3_s8_rv32"
    source = "mf_depthwise3x3_s8_rv32.c"
    header = "mf_kernels_rv32.h"
    features = frozenset({"rv32"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Depthwise 3x3 on bytes that gives bytes, without dilation."""
        fits = isinstance(op, DepthwiseConv2D) and _gives_bytes(op, network)
        return fits and (*cast(DepthwiseConv2D, op).window.size, *cast(DepthwiseConv2D, op).dilation) == (3, 3, 1, 1)

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of a plane."""
        height, width = self._plane(op, network)
        return -(-height * width // 4) * 4

    def in_place(self, op: Operator, network: IntegerNetwork) -> bool:
        """A plane is copied before its outputs are written, to the same places where the sizes are equal."""
        return source_of(op, network).shape == target_of(op, network).shape

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return each channel's nine weights, biases and factors."""
        depthwise = cast(DepthwiseConv2D, op)
        rows = np.ascontiguousarray(depthwise.weights.reshape(9, -1).T)
        return {"weights": rows, "bias": folded_bias(depthwise, network)} | highmul_tables(depthwise.requantise)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return sizes, stride and padding, the plane and the output's range."""
        depthwise, (height, width) = cast(DepthwiseConv2D, op), self._plane(op, network)
        window = window_fields(depthwise, network)
        sizes = {name: size for name, size in window.items() if not name.startswith("kernel")}
        source = source_of(op, network)
        plane = {"plane_height": height, "plane_width": width, "channels": source.shape[2]}
        return sizes | plane | {"input_zero_point": source.zero_point} | range_fields(depthwise.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 6.4 instructions per input, 55 per output, and what rows and planes take."""
        source, target = source_of(op, network), target_of(op, network)
        rows = 10 * source.shape[0] + 23 * target.shape[0] + 106
        return 64 * source.elements // 10 + 55 * target.elements + rows * source.shape[2]

    def _plane(self, op: Operator, network: IntegerNetwork) -> tuple[int, int]:
        """Return the rows and columns that the windows reach, padding included."""
        shape, stride = target_of(op, network).shape, cast(DepthwiseConv2D, op).window.stride
        return (shape[0] - 1) * stride[0] + 3, (shape[1] - 1) * stride[1] + 3


RV32_KERNELS: tuple[Kernel, ...] = (PointwiseRv32(), ConvRv32(), Depthwise3x3Rv32())


def _gives_bytes(op: Operator, network: IntegerNetwork) -> bool:
    """Weights of 4 bits stay as small as they are: their portable kernels read them two per byte."""
    return gives(op, network, "s8") and not has_nibbles(op)


def _interleaved(op: WeightedOperator) -> np.ndarray:
    """Return the weights int8 [blocks, inputs, 4], zeros behind the last output."""
    rows = op.weights_per_output()
    outputs = _padded(np.asarray(rows, np.int8).reshape(len(rows), -1))
    return np.ascontiguousarray(outputs.reshape(-1, OUTPUTS, outputs.shape[1]).transpose(0, 2, 1))


def _padded(table: np.ndarray) -> np.ndarray:
    """Return `table` [O, ...] with zeros up to whole blocks of four outputs."""
    return np.concatenate([table, np.zeros((-len(table) % OUTPUTS, *table.shape[1:]), table.dtype)])
