"""Depthwise convolutions on Armv7E-M: 3x3 by channel planes in 16 bits, four outputs per step; any by words."""

from dataclasses import dataclass
from types import UnionType
from typing import ClassVar

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, source_of, target_of
from microface.chip.plan.kernels.depthwise import DepthwisePortable
from microface.chip.plan.kernels.matrix_dsp import LARGEST_LEFT
from microface.chip.plan.kernels.requantise import OneRounding, dsp_factors, folded_bias, gives, range_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import DepthwiseConv2D, Operator
from microface.network.requantise import HighMul, HighMulPrelu, Requantise

_PLANE_HEAD_BYTES = 4 * (4 + 12 + 11)


@dataclass(frozen=True)
class Plane:
    """The widened plane of one channel: `rows` of `pitch` bytes; `steps` of four outputs make a row."""

    rows: int
    pitch: int
    steps: int

    @classmethod
    def of(cls, op: DepthwiseConv2D, network: IntegerNetwork) -> "Plane":
        """Return the plane that holds the input with its padding and all that whole steps read."""
        (height, width, _), (out_rows, out_columns, _) = source_of(op, network).shape, target_of(op, network).shape
        steps, stride = -(-out_columns // 4), op.stride[0]
        cells = max(op.padding[2] + width, 4 * steps * stride + 2)
        rows = max(op.padding[0] + height, (out_rows - 1) * stride + 3)
        return cls(rows, 4 * -(-cells // 2), steps)


def depthwise_tables(op: DepthwiseConv2D, network: IntegerNetwork) -> Tables:
    """Return `weights` or `nibbles`, `constants` [C][bias, factors] and `left` where one is not 0."""
    assert isinstance(op.requantise, OneRounding)
    left = op.requantise.left
    bias = (folded_bias(op, network) << left).astype(np.int32)
    constants = np.stack([bias, *dsp_factors(op.requantise)], axis=1)
    tables = _taps(op) | {"constants": constants}
    return tables | ({"left": left.astype(np.uint8)} if left.any() else {})


def _taps(op: DepthwiseConv2D) -> Tables:
    """Return `weights` int8 [C][3][w0 w1 w2 0], or `nibbles` uint16 [C][3] with w0 in the lowest nibble."""
    rows = op.weights.transpose(2, 0, 1)
    if op.weight_bits == 4:
        return {
            "nibbles": ((rows.astype(np.uint16) & 15) << np.array([0, 4, 8], np.uint16)).sum(axis=2, dtype=np.uint16)
        }
    return {"weights": np.pad(rows, ((0, 0), (0, 0), (0, 1)))}


class DepthwiseDsp(DepthwisePortable):
    """Any window, the whole map included: four channels of a word at a time, weights as the network has them."""

    function = "mf_depthwise_s8_dsp"
    source = "mf_depthwise_s8_dsp.c"
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})
    rules: ClassVar[type[Requantise] | UnionType] = HighMul

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any depthwise convolution of at least four channels that gives bytes."""
        return super().matches(op, network) and source_of(op, network).shape[2] >= 4

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what the cells of all windows take, four channels at a time."""
        assert isinstance(op, DepthwiseConv2D)
        rows, columns, channels = target_of(op, network).shape
        height, width = op.window.size
        words = rows * columns * -(-channels // 4)
        return 60 + words * (10 + height * (67 + 14 * width))


class Depthwise3x3Dsp(Kernel):
    """Tables as mf_depthwise3x3_s8_dsp_args says."""

    function = "mf_depthwise3x3_s8_dsp"
    source = "mf_depthwise3x3_s8_dsp.c"
    helpers = ("mf_dsp_clamp.c", "mf_dsp_depthwise.c", "mf_dsp_planes.c")
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})
    rules: ClassVar[type[Requantise] | UnionType] = HighMul

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """3x3, stride 1 or 2, rows of at least three outputs, shifts that fit widened taps."""
        if not isinstance(op, DepthwiseConv2D) or not gives(op, network, "s8", self.rules):
            return False
        assert isinstance(op.requantise, OneRounding)
        square = op.window.size == (3, 3) and op.dilation == (1, 1) and op.stride in ((1, 1), (2, 2))
        return square and target_of(op, network).shape[1] >= 3 and int(op.requantise.left.max()) <= LARGEST_LEFT

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of head and plane, and of one row of outputs where rows do not end with a step."""
        assert isinstance(op, DepthwiseConv2D)
        plane, columns = Plane.of(op, network), target_of(op, network).shape[1]
        spare = 4 * plane.steps if columns % 4 else 0
        return _PLANE_HEAD_BYTES + plane.rows * plane.pitch + spare

    def in_place(self, op: Operator, network: IntegerNetwork) -> bool:
        """A channel is widened before its outputs are written, to the bytes of that channel alone."""
        return source_of(op, network).shape == target_of(op, network).shape

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return taps by rows, constants and shifts."""
        assert isinstance(op, DepthwiseConv2D)
        return depthwise_tables(op, network)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return shapes, window, plane and the output's range."""
        assert isinstance(op, DepthwiseConv2D)
        source, target = source_of(op, network), target_of(op, network)
        plane = Plane.of(op, network)
        shapes = dict(zip(("input_height", "input_width", "channels"), source.shape, strict=True))
        shapes |= {"output_height": target.shape[0], "output_width": target.shape[1]}
        window = {"stride": op.stride[0], "pad_top": op.padding[0], "pad_left": op.padding[2]}
        layout = {"plane_rows": plane.rows, "plane_pitch": plane.pitch, "steps": plane.steps}
        return shapes | window | layout | {"input_zero_point": source.zero_point} | range_fields(op.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what widening and steps take."""
        assert isinstance(op, DepthwiseConv2D)
        (height, width, channels), plane = source_of(op, network).shape, Plane.of(op, network)
        rows, columns, _ = target_of(op, network).shape
        clearing = 14 * plane.rows * plane.pitch // 10
        surplus = 0 if columns % 4 == 0 else 68 + 4 * columns
        per_channel = (
            152 - 15 * (op.stride[0] == 2) + nibble_instructions(op) + plane_instructions(height, width) + surplus
        )
        return 160 + clearing + channels * (per_channel + rows * (11 + step_instructions(op) * plane.steps))


def step_instructions(op: DepthwiseConv2D) -> int:
    """Return the instructions of four outputs."""
    return 61 if isinstance(op.requantise, HighMulPrelu) else 52


def nibble_instructions(op: DepthwiseConv2D) -> int:
    """Return the instructions that make bytes of a channel's taps of 4 bits."""
    return 37 if op.weight_bits == 4 else 0


def plane_instructions(height: int, width: int) -> int:
    """Return the instructions that widen a channel of `height` times `width` cells, 0 where there is nothing."""
    return height * (7 + 11 * (width // 4) + 5 * (width % 4))
