"""Convolutions on Armv7E-M: gathered windows, then the products of pointwise convolutions."""

from types import UnionType
from typing import ClassVar

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, pixels_of, source_of, target_of
from microface.chip.plan.kernels.matrix_dsp import (
    MATRIX_HELPERS,
    can_shift,
    groups_of,
    matrix_tables,
    product_instructions,
    scratch_of,
    tile_pixels,
)
from microface.chip.plan.kernels.requantise import gives, range_fields
from microface.chip.plan.kernels.windows import conv_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, Operator
from microface.network.requantise import HighMul, Requantise


class ConvDsp(Kernel):
    """Tables as mf_matrix_dsp_args says."""

    function = "mf_conv2d_s8_dsp"
    source = "mf_conv2d_s8_dsp.c"
    helpers = MATRIX_HELPERS
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})
    rules: ClassVar[type[Requantise] | UnionType] = HighMul

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Convolutions to at least two channels whose shifts fit widened weights."""
        return isinstance(op, Conv2D) and gives(op, network, "s8", self.rules) and can_shift(op)

    def _sizes(self, op: Conv2D, network: IntegerNetwork) -> tuple[int, int, int]:
        """Return output pixels, inputs of each, tile."""
        pixels, inputs = pixels_of(target_of(op, network)), op.weights[0].size
        return pixels, inputs, tile_pixels(pixels, inputs)

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of both panels, the rests of a window's rows, and a window."""
        assert isinstance(op, Conv2D)
        _, inputs, tile = self._sizes(op, network)
        rows = op.window.size[0]
        return scratch_of(tile, inputs) + inputs + rows * (inputs // rows % 4)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """After each tile, its outputs must end before the first row that a later tile reads."""
        assert isinstance(op, Conv2D)
        pixels, _, tile = self._sizes(op, network)
        _, width, channels = target_of(op, network).shape
        row_bytes = source_of(op, network).elements // source_of(op, network).shape[0]
        ends = range(tile, pixels, tile)
        rows = (max(0, end // width * op.stride[0] - op.padding[0]) for end in ends)
        return max([0, *(end * channels - row * row_bytes for end, row in zip(ends, rows, strict=True))])

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights in the order in which a window is read, pairs of constants and shifts."""
        assert isinstance(op, Conv2D)
        return matrix_tables(op, network, reading_order(op))

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of matrices and tile, the window and the output's range."""
        assert isinstance(op, Conv2D)
        pixels, inputs, tile = self._sizes(op, network)
        window = conv_fields(op, network)
        window.pop("output_height")
        sizes = {"pixels": pixels, "inputs": inputs, "groups": groups_of(inputs), "tile": tile}
        return window | sizes | range_fields(op.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what gathering, widening and products take."""
        assert isinstance(op, Conv2D)
        pixels, inputs, tile = self._sizes(op, network)
        (rows, columns), run = op.window.size, inputs // op.window.size[0]
        rests = 20 + 4 * groups_of(rows * (run % 4)) if run % 4 else 0
        widening = pixels * (82 + rows * (8 + 7 * (run // 4) + 5 * (run % 4)) + rests)
        edges = _edge_windows(op, network) * (28 + 30 * rows * columns + 44 * inputs // 10)
        return widening + edges + product_instructions(op, pixels, tile, inputs)


def _edge_windows(op: Conv2D, network: IntegerNetwork) -> int:
    """Return the windows that are gathered: those that reach into the padding, or all where columns have gaps."""
    height, width, _ = source_of(op, network).shape
    rows, columns, _ = target_of(op, network).shape
    if op.dilation[1] > 1:
        return rows * columns
    last = (op.window.size[0] - 1) * op.dilation[0], op.window.size[1] - 1
    tops = (y * op.stride[0] - op.padding[0] for y in range(rows))
    lefts = (x * op.stride[1] - op.padding[2] for x in range(columns))
    whole_rows = sum(0 <= top < height - last[0] for top in tops)
    return rows * columns - whole_rows * sum(0 <= left < width - last[1] for left in lefts)


def reading_order(op: Conv2D) -> np.ndarray:
    """Return int [KH * KW * I]: the whole words of each row of a window, then the bytes that each row has left."""
    rows = op.window.size[0]
    taps = np.arange(op.weights[0].size).reshape(rows, -1)
    whole = taps.shape[1] // 4 * 4
    return np.concatenate([taps[:, :whole].ravel(), taps[:, whole:].ravel()])
