"""Layout, scratch and cost that the matrix products on Armv7E-M share: convolutions as pixels times channels."""

import numpy as np

from microface.chip.plan.kernels.base import Tables
from microface.chip.plan.kernels.requantise import OneRounding, dsp_factors, folded_bias
from microface.network.network import IntegerNetwork
from microface.network.ops import WeightedOperator
from microface.network.requantise import HighMulPrelu

MATRIX_HELPERS = ("mf_dsp_clamp.c", "mf_dsp_matrix.c", "mf_dsp_panels.c", "mf_dsp_widen.c")
PANEL_BYTES = 12_000
"""The most that a tile of widened pixels takes of scratch."""
LARGEST_TILE = 64
LARGEST_LEFT = 8
"""Widened weights hold |w| * 2^left in 16 bits up to here."""


def can_shift(op: WeightedOperator) -> bool:
    """Say whether weights times 2^left fit 16 bits and there is a pair of channels."""
    if not isinstance(op.requantise, OneRounding) or len(op.bias) < 2:
        return False
    return int(op.requantise.left.max()) <= LARGEST_LEFT


def tile_pixels(pixels: int, inputs: int) -> int:
    """Return how many pixels are widened at a time: even, as many as the panel's bytes hold, in tiles of one size."""
    most = max(2, min(LARGEST_TILE, PANEL_BYTES // (8 * groups_of(inputs))) & ~1)
    tiles = -(-pixels // most)
    return 2 * -(-pixels // (2 * tiles))


def groups_of(inputs: int) -> int:
    """Return the groups of four inputs that a pixel takes."""
    return -(-inputs // 4)


def panel_words(groups: int) -> int:
    """Return the words of one channel panel, MF_DSP_PANEL_WORDS in C."""
    return 5 + 4 * groups + -(-groups // 8) + 8


def scratch_of(tile: int, inputs: int) -> int:
    """Return the bytes of a channel panel and a tile's pixel panel."""
    return 4 * (panel_words(groups_of(inputs)) + 2 * tile * groups_of(inputs))


def pair_channels(channels: int) -> np.ndarray:
    """Return int [pairs, 2]: channels by pairs; an odd number repeats the last but one."""
    first = np.minimum(np.arange(0, channels, 2), channels - 2)
    return np.stack([first, first + 1], axis=1)


def matrix_tables(op: WeightedOperator, network: IntegerNetwork, taps: np.ndarray | None = None) -> Tables:
    """Return `weights`, `pairs` and, where a shift is not 0, `left`, as mf_matrix_dsp_args says.

    `taps` is the order in which an output's inputs are read, where it is not the network's.
    """
    assert isinstance(op.requantise, OneRounding)
    order = pair_channels(len(op.bias))
    left = op.requantise.left[order]
    bias = folded_bias(op, network)[order] << left
    factors = [row[order] for row in dsp_factors(op.requantise)]
    pairs = np.concatenate([bias.astype(np.int32), *factors], axis=1)
    weights = op.weights_per_output() if taps is None else op.weights_per_output()[:, taps]
    tables = weights_or_nibbles(interleave(weights[order]), op.weight_bits) | {"pairs": pairs}
    return tables | ({"left": left.astype(np.uint8)} if left.any() else {})


def interleave(weights: np.ndarray) -> np.ndarray:
    """Return int8 [pairs, groups, 8]: u0 v0 u2 v2 u1 v1 u3 v3 of weights [pairs, 2, inputs]."""
    pairs, _, inputs = weights.shape
    groups = groups_of(inputs)
    padded = np.zeros((pairs, 2, 4 * groups), np.int8)
    padded[:, :, :inputs] = weights
    by_group = padded.reshape(pairs, 2, groups, 2, 2)  # pair, channel, group, half of k, odd or even k
    return np.ascontiguousarray(by_group.transpose(0, 2, 4, 3, 1)).reshape(pairs, groups, 8)


def weights_or_nibbles(weights: np.ndarray, bits: int) -> Tables:
    """Return `weights` int8 [..., 2n], or for 4 `bits` `nibbles` uint8 [..., n]: number i and, above it, number n + i.

    Nibbles hold the weights plus 8, which the kernels take off again.
    """
    if bits == 8:
        return {"weights": weights}
    lower, upper = np.split((weights + 8).astype(np.uint8), 2, axis=-1)
    return {"nibbles": np.ascontiguousarray(lower | upper << 4)}


def product_instructions(op: WeightedOperator, pixels: int, tile: int, inputs: int) -> int:
    """Return the instructions of all channels of `op` times all pixels, without the pixels' widening."""
    channels, bits = len(op.bias), op.weight_bits
    double, single = rounding_instructions(op)
    groups, pairs = groups_of(inputs), -(-channels // 2)
    chunks = -(-groups // 8)
    tiles, doubles, singles = _tiles(pixels, tile)
    panels = 100 * tiles + tiles * pairs * (75 + panel_instructions(groups, bits))
    two, one = doubles * (double + 10 * groups + 3 * chunks), singles * (single + 6 * groups + 3 * chunks)
    return panels + pairs * (two + one)


def rounding_instructions(op: WeightedOperator) -> tuple[int, int]:
    """Return what a pair of channels takes beside its sums, for two pixels and for one."""
    return (29, 26) if isinstance(op.requantise, HighMulPrelu) else (20, 21)


def panel_instructions(groups: int, bits: int) -> int:
    """Return the instructions that widen the weights of a pair of channels."""
    return 12 * -(-groups // 8) + (63 * groups // 10 if bits == 8 else 4 + 83 * groups // 10)


def widening_instructions(pixels: int, tile: int, inputs: int) -> int:
    """Return the instructions that widen all pixels, tile by tile."""
    groups, (_, doubles, singles) = groups_of(inputs), _tiles(pixels, tile)
    return doubles * (20 + 8 * groups) + singles * 7 * groups


def _tiles(pixels: int, tile: int) -> tuple[int, int, int]:
    """Return tiles, and pairs of pixels and single pixels in all of them."""
    sizes = [min(tile, pixels - done) for done in range(0, pixels, tile)]
    return len(sizes), sum(size // 2 for size in sizes), sum(size % 2 for size in sizes)
