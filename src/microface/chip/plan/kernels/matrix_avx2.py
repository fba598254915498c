"""Pointwise and dense layers and convolutions on AVX2 hosts: blocks of sixteen channels, pairs of inputs."""

from typing import cast

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, pixels_of, target_of
from microface.chip.plan.kernels.pointwise import as_matrix, is_pointwise
from microface.chip.plan.kernels.requantise import OneRounding, factor_rows, folded_bias, gives, range_fields
from microface.chip.plan.kernels.windows import conv_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, Dense, Operator, WeightedOperator

BLOCK = 16
PANEL_BYTES = 16_384
"""The most that a tile of widened pixels takes: half of a first-level cache."""
_PIXELS = 6


class PointwiseAvx2(Kernel):
    """Tables as mf_matrix_avx2_args says."""

    function = "mf_pointwise_s8_avx2"
    source = "mf_pointwise_s8_avx2.c"
    helpers = ("mf_avx2_matrix.c",)
    header = "mf_kernels_avx2.h"
    features = frozenset({"avx2"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any pointwise or dense operator on bytes that gives bytes."""
        return (isinstance(op, Dense) or is_pointwise(op)) and gives(op, network, "s8")

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of a tile of widened pixels."""
        sizes = self._sizes(op, network)
        return 4 * sizes["tile"] * sizes["pairs"]

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights, biases and factors by blocks."""
        return block_tables(cast(WeightedOperator, op), network)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of the matrices and the output's range."""
        rule = cast(WeightedOperator, op).requantise
        channels = {"output_channels": target_of(op, network).shape[2]}
        return self._sizes(op, network) | channels | range_fields(rule)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return a guess: hosts are measured, not planned."""
        return network.cost_of(op).macs // 6 + 2 * target_of(op, network).elements

    def _sizes(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return pixels, inputs and their pairs, and the tile."""
        sizes = as_matrix(op, network)
        return tiled(sizes["pixels"], sizes["input_channels"])


class ConvAvx2(PointwiseAvx2):
    """The same for gathered windows."""

    function = "mf_conv2d_s8_avx2"
    source = "mf_conv2d_s8_avx2.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any convolution on bytes that gives bytes."""
        return isinstance(op, Conv2D) and gives(op, network, "s8")

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of a tile of widened pixels and sixteen halves that are written too much."""
        return super().scratch_bytes(op, network) + 32

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of the matrices, the window and the output's range."""
        window = conv_fields(cast(Conv2D, op), network)
        window.pop("output_height")
        return window | super().fields(op, network)

    def _sizes(self, op: Operator, network: IntegerNetwork) -> Fields:
        return tiled(pixels_of(target_of(op, network)), cast(Conv2D, op).weights[0].size)


def tiled(pixels: int, inputs: int) -> Fields:
    """Return pixels, inputs, pairs of inputs, and the pixels of a tile: whole sixes that fit the panel."""
    pairs = -(-inputs // 2)
    most = max(_PIXELS, PANEL_BYTES // (4 * pairs) // _PIXELS * _PIXELS)
    return {"pixels": pixels, "inputs": inputs, "pairs": pairs, "tile": min(most, pixels)}


def block_tables(op: WeightedOperator, network: IntegerNetwork) -> Tables:
    """Return `weights` [blocks][pairs][16][2], `bias`, factors and `left` [blocks][16], padded with zeros."""
    rule = cast(OneRounding, op.requantise)
    outputs, inputs = op.weights_per_output().shape
    blocks, pairs = -(-outputs // BLOCK), -(-inputs // 2)
    weights = np.zeros((blocks * BLOCK, 2 * pairs), np.int8)
    weights[:outputs, :inputs] = op.weights_per_output()
    by_blocks = weights.reshape(blocks, BLOCK, pairs, 2).transpose(0, 2, 1, 3)
    vectors = {"bias": folded_bias(op, network), "left": rule.left} | factor_rows(rule)
    padded = {name: _padded(vector, blocks * BLOCK) for name, vector in vectors.items()}
    return {"weights": np.ascontiguousarray(by_blocks)} | padded


def _padded(vector: np.ndarray, length: int) -> np.ndarray:
    """Return int32 [length]: `vector`, then zeros."""
    padded = np.zeros(length, np.int32)
    padded[: len(vector)] = vector
    return padded
