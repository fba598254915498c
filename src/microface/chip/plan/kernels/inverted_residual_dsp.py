"""Inverted residuals on Armv7E-M in one call: the wide tensors between their steps never exist as a whole."""

from typing import ClassVar, cast

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables
from microface.chip.plan.kernels.depthwise_dsp import (
    Depthwise3x3Dsp,
    depthwise_tables,
    nibble_instructions,
    plane_instructions,
    step_instructions,
)
from microface.chip.plan.kernels.inverted_residual import Block
from microface.chip.plan.kernels.matrix_dsp import (
    MATRIX_HELPERS,
    groups_of,
    matrix_tables,
    panel_instructions,
    product_instructions,
    rounding_instructions,
    widening_instructions,
)
from microface.chip.plan.kernels.pointwise_dsp import PointwiseDsp
from microface.chip.plan.kernels.requantise import OneRounding, factor_rows, range_fields
from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, DepthwiseConv2D, Operator


class InvertedResidualDsp(Kernel):
    """Tables as mf_inverted_residual_s8_dsp_args says."""

    function = "mf_inverted_residual_s8_dsp"
    source = "mf_inverted_residual_s8_dsp.c"
    helpers = (*MATRIX_HELPERS, "mf_add_s8_dsp.c", "mf_dsp_depthwise.c", "mf_dsp_planes.c")
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})
    first: ClassVar[PointwiseDsp] = PointwiseDsp()
    middle: ClassVar[Depthwise3x3Dsp] = Depthwise3x3Dsp()
    """The kernels whose conditions expansion and depthwise convolution have to meet."""

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Blocks whose steps each fit their own fast kernel, run one after the other, an even number of channels."""
        block = Block.at(op, network)
        if block is None or block.wide[2] % 2:
            return False
        # The sum is made where the wide rows were; and a layer that widens rather begins a block than ends one.
        if block.target[2] > block.wide[2] and (block.add or not block.expand):
            return False
        start = network.operators.index(op)
        together = network.operators[start : start + len(block.operators)] == block.operators
        fits = self.middle.matches(block.depthwise, network) and PointwiseDsp().matches(block.project, network)
        return together and fits and (block.expand is None or self._expands(block.expand, network))

    def _expands(self, op: Conv2D, network: IntegerNetwork) -> bool:
        """Say whether rows of 16 bits hold what the expansion gives, and saturation is all that cuts it."""
        if not self.first.matches(op, network):
            return False
        rule = cast(OneRounding, op.requantise)
        return (rule.lo, rule.hi) == (-128, 127) and self.fits_halves(op, network)

    def fits_halves(self, op: Conv2D, network: IntegerNetwork) -> bool:
        """Say whether every value before saturation fits 16 bits."""
        rule = cast(OneRounding, op.requantise)
        largest = op.bound(network.tensors[op.inputs[0]]) << rule.left.astype(np.int64)
        steepest = np.abs([row.astype(np.int64) for row in factor_rows(rule).values()]).max(axis=0)
        values = (largest * steepest >> 32) + 1 + abs(rule.zero_point)
        return int(values.max()) < 1 << 15

    def operators(self, op: Operator, network: IntegerNetwork) -> tuple[Operator, ...]:
        """Return all steps."""
        return _block(op, network).operators

    def inputs(self, op: Operator, network: IntegerNetwork) -> tuple[str, ...]:
        """Return the block's input alone: the addition reads it again."""
        return op.inputs

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return panels, head, planes and strip in bytes."""
        block = _block(op, network)
        return block.scratch_bytes(block.rows)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """No strip overwrites what later ones read."""
        return _block(op, network).lead_bytes()

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the tables of all steps, each name with its step before it."""
        block = _block(op, network)
        tables = _named("depthwise", depthwise_tables(block.depthwise, network))
        tables |= _named("project", matrix_tables(block.project, network))
        return tables | (_named("expand", matrix_tables(block.expand, network)) if block.expand else {})

    def owner(self, table: str, operators: tuple[Operator, ...]) -> Operator:
        """Return the step whose name the table's begins with."""
        middle = next(i for i, op in enumerate(operators) if isinstance(op, DepthwiseConv2D))
        steps = {"expand": middle - 1, "depthwise": middle, "project": middle + 1, "add": middle + 2}
        return operators[steps[table.partition("_")[0]]]

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return shapes, strips, and the constants of all steps."""
        block = _block(op, network)
        rule = cast(OneRounding, block.depthwise.requantise)
        constants = {
            "middle_zero_point": network.tensors[block.depthwise.inputs[0]].zero_point,
            "depthwise_zero_point": rule.zero_point,
            "depthwise_lo": rule.lo,
            "depthwise_hi": rule.hi,
        }
        return _shapes(block) | constants | range_fields(block.project.requantise) | _addition(block)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what all strips take."""
        block = _block(op, network)
        strips = -(-block.wide[0] // block.rows)
        clearing = 3 * block.planes(block.rows) * block.plane_rows(block.rows) * block.plane_pitch // 4
        steps = _expansion_cost(block, strips) + _depthwise_cost(block, strips) + _end_cost(block)
        return 120 + clearing + 440 * strips + steps


def _block(op: Operator, network: IntegerNetwork) -> Block:
    block = Block.at(op, network)
    assert block is not None
    return block


def _named(step: str, tables: Tables) -> Tables:
    return {f"{step}_{name}": table for name, table in tables.items()}


def _shapes(block: Block) -> Fields:
    names = ("height", "width", "channels")
    fields = {f"input_{name}": size for name, size in zip(names, block.source, strict=True)}
    fields |= {f"output_{name}": size for name, size in zip(names, block.target, strict=True)}
    padding, rows = block.depthwise.padding, block.rows
    return fields | {
        "channels": block.wide[2],
        "stride": block.stride,
        "pad_top": padding[0],
        "pad_left": padding[2],
        "rows": rows,
        "plane_rows": block.plane_rows(rows),
        "plane_pitch": block.plane_pitch,
        "planes": block.planes(rows),
        "steps": block.steps,
        "expand_groups": block.expand_groups,
        "project_groups": groups_of(block.wide[2]),
        "tile": block.tile(rows),
    }


def _addition(block: Block) -> Fields:
    add = block.add
    if add is None:
        return {}
    factors = dict(zip(add.inputs, (add.ma, add.mb), strict=True))
    return {
        "adds": 1,
        "add_input": factors[block.operators[0].inputs[0]],
        "add_projection": factors[block.project.output],
        "add_c": add.c,
        "add_shift": add.shift,
        "add_lo": add.lo,
        "add_hi": add.hi,
    }


def _expansion_cost(block: Block, strips: int) -> int:
    height, width, inputs = block.source
    channels, groups = block.wide[2], block.expand_groups
    if not block.expand:
        return channels * (11 * strips + plane_instructions(height, width))
    chunks = -(-groups // 8)
    panels = strips * (66 + panel_instructions(groups, block.expand.weight_bits))
    double, single = (each - 3 for each in rounding_instructions(block.expand))
    row = 19 + width // 2 * (double + 10 * groups + 3 * chunks) + width % 2 * (single + 6 * groups + 3 * chunks)
    widening = height * (23 + widening_instructions(width, width, inputs))
    return widening + channels // 2 * (panels + height * row)


def _depthwise_cost(block: Block, strips: int) -> int:
    height, _, channels = block.wide
    kept = 75 + 12 * (3 - block.stride) * block.plane_pitch // 40
    taps = 153 + nibble_instructions(block.depthwise)
    return channels * (
        taps * strips + kept * (strips - 1) + height * (11 + step_instructions(block.depthwise) * block.steps)
    )


def _end_cost(block: Block) -> int:
    height, width, channels = block.wide
    strips = [min(block.rows, height - first) * width for first in range(0, height, block.rows)]
    tile, outputs = block.tile(block.rows), block.target[2]
    widening = sum(widening_instructions(pixels, tile, channels) for pixels in strips)
    products = sum(product_instructions(block.project, pixels, tile, channels) for pixels in strips)
    return widening + products + (17 * height * width * outputs // 2 if block.add else 0)
