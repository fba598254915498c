"""1x1 convolutions of stride 1 on Armv7E-M: 16-bit pairs, two channels times two pixels, SMLAD and SMMLAR."""

from types import UnionType
from typing import ClassVar

from microface.chip.plan.kernels.base import Fields, Kernel, Tables
from microface.chip.plan.kernels.matrix_dsp import (
    MATRIX_HELPERS,
    can_shift,
    groups_of,
    matrix_tables,
    product_instructions,
    scratch_of,
    tile_pixels,
    widening_instructions,
)
from microface.chip.plan.kernels.pointwise import as_matrix, is_pointwise
from microface.chip.plan.kernels.requantise import gives, range_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, Dense, Operator
from microface.network.requantise import HighMul, Requantise


class PointwiseDsp(Kernel):
    """Tables as mf_pointwise_s8_dsp_args says."""

    function = "mf_pointwise_s8_dsp"
    source = "mf_pointwise_s8_dsp.c"
    helpers = MATRIX_HELPERS
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})
    rules: ClassVar[type[Requantise] | UnionType] = HighMul

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Pointwise operators of at least two channels whose shifts fit widened weights."""
        fits = (isinstance(op, Dense) or is_pointwise(op)) and gives(op, network, "s8", self.rules)
        return fits and isinstance(op, Conv2D | Dense) and can_shift(op)

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of both panels."""
        sizes = as_matrix(op, network)
        return scratch_of(tile_pixels(sizes["pixels"], sizes["input_channels"]), sizes["input_channels"])

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """A tile's outputs must end before the next tile's inputs begin."""
        sizes = as_matrix(op, network)
        tile = tile_pixels(sizes["pixels"], sizes["input_channels"])
        last = (sizes["pixels"] - 1) // tile * tile
        return max(0, last * (sizes["output_channels"] - sizes["input_channels"]))

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return weights, pairs of constants and shifts."""
        assert isinstance(op, Conv2D | Dense)
        return matrix_tables(op, network)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes of matrices and tile, and the output's range."""
        assert isinstance(op, Conv2D | Dense)
        sizes = as_matrix(op, network)
        inputs = sizes.pop("input_channels")
        shape = {"inputs": inputs, "groups": groups_of(inputs), "tile": tile_pixels(sizes["pixels"], inputs)}
        return sizes | shape | range_fields(op.requantise)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what widening and products take."""
        assert isinstance(op, Conv2D | Dense)
        sizes = as_matrix(op, network)
        pixels, inputs = sizes["pixels"], sizes["input_channels"]
        tile = tile_pixels(pixels, inputs)
        widening = widening_instructions(pixels, tile, inputs)
        return 20 + widening + product_instructions(op, pixels, tile, inputs)
