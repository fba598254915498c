"""Inverted residuals as one call: which operators, how high its strips are, and what they take of scratch."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import cast

import numpy as np

from microface.chip.plan.kernels.matrix_dsp import groups_of, panel_words, tile_pixels
from microface.chip.plan.kernels.pointwise import is_pointwise
from microface.network.network import IntegerNetwork
from microface.network.ops import Add, Conv2D, DepthwiseConv2D, Operator
from microface.network.tensors import Shape

COMFORT_BYTES = 48_000
"""Strips are as high as they may be while input, output and scratch together stay below this, or below the
network's largest tensor, which the arena holds anyway."""
_HEAD_BYTES = 4 * (4 + 12 + 11)


@dataclass(frozen=True)
class Block:
    """The operators of one inverted residual in their network; expansion and addition may be absent."""

    network: IntegerNetwork
    expand: Conv2D | None
    depthwise: DepthwiseConv2D
    project: Conv2D
    add: Add | None

    @classmethod
    def at(cls, first: Operator, network: IntegerNetwork) -> "Block | None":
        """Return the block whose first operator is `first`, or None."""
        expand = first if isinstance(first, Conv2D) and is_pointwise(first) else None
        depthwise = _only_reader(network, first.output) if expand else first
        if not isinstance(depthwise, DepthwiseConv2D):
            return None
        project = _only_reader(network, depthwise.output)
        if not isinstance(project, Conv2D) or not is_pointwise(project):
            return None
        add = _only_reader(network, project.output)
        adds = isinstance(add, Add) and set(add.inputs) == {project.output, first.inputs[0]}
        return cls(network, expand, depthwise, project, cast(Add, add) if adds else None)

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators in the order in which they run."""
        every = (self.expand, self.depthwise, self.project, self.add)
        return tuple(op for op in every if op is not None)

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor."""
        return self.network.tensors[name].shape

    @property
    def source(self) -> Shape:
        """The block's input."""
        return self.shape(self.operators[0].inputs[0])

    @property
    def wide(self) -> Shape:
        """The depthwise convolution's output."""
        return self.shape(self.depthwise.output)

    @property
    def target(self) -> Shape:
        """The block's output."""
        return self.shape(self.project.output)

    @property
    def stride(self) -> int:
        """The stride of the depthwise convolution."""
        return self.depthwise.stride[0]

    @property
    def expand_groups(self) -> int:
        """Groups of four inputs of the expansion; 0 without one."""
        return groups_of(self.source[2]) if self.expand else 0

    @property
    def steps(self) -> int:
        """Steps of four outputs in a row."""
        return -(-self.wide[1] // 4)

    @property
    def plane_pitch(self) -> int:
        """Bytes of a row of a plane."""
        cells = max(self.depthwise.padding[2] + self.source[1], 4 * self.steps * self.stride + 2)
        return 4 * -(-cells // 2)

    @cached_property
    def rows(self) -> int:
        """Output rows of a strip: the whole map where that is comfortable, else as many as are, at least 1."""
        held = self.span_bytes
        comfort = max(COMFORT_BYTES, largest_tensor(self.network))
        heights = sorted({-(-self.wide[0] // strips) for strips in range(1, self.wide[0] + 1)}, reverse=True)
        return next((rows for rows in heights if held + self.scratch_bytes(rows) <= comfort), 1)

    @property
    def span_bytes(self) -> int:
        """About the bytes of input and output, which overlap."""
        return max(int(np.prod(self.source)), int(np.prod(self.target)))

    def planes(self, rows: int) -> int:
        """Return how many planes strips of `rows` rows need: all channels, or two where one strip is all."""
        return 2 if rows >= self.wide[0] else self.wide[2]

    def plane_rows(self, rows: int) -> int:
        """Return the rows of a plane for strips of `rows` output rows."""
        return (rows - 1) * self.stride + 3

    def tile(self, rows: int) -> int:
        """Return the pixels that are projected at a time."""
        return tile_pixels(rows * self.wide[1], self.wide[2])

    def scratch_bytes(self, rows: int) -> int:
        """Return panels, head, planes and strip in bytes for strips of `rows` rows."""
        groups = groups_of(self.wide[2])
        new_rows = min(self.plane_rows(rows), self.source[0])
        pixels = max(new_rows * self.source[1] * self.expand_groups, self.tile(rows) * groups)
        panels = 4 * panel_words(max(groups, self.expand_groups)) + 8 * pixels
        planes = self.planes(rows) * self.plane_rows(rows) * self.plane_pitch
        strip = (rows * self.wide[1] + 3) * self.wide[2]
        return panels + _HEAD_BYTES + planes + strip

    def lead_bytes(self) -> int:
        """Return how far the output must begin before the input so that no strip overwrites what is still read."""
        needed = []
        for first in range(self.rows, self.wide[0], self.rows):
            kept = first if self.add else max(0, first * self.stride - self.depthwise.padding[0] + 3 - self.stride)
            unread = min(kept, self.source[0]) * self.source[1] * self.source[2]
            needed.append(first * self.target[1] * self.target[2] - unread)
        return max([0, *needed])


@lru_cache(maxsize=8)
def largest_tensor(network: IntegerNetwork) -> int:
    """Return the bytes of the largest tensor outside blocks: the arena holds it whatever blocks need."""
    blocks = [block for op in network.operators if (block := Block.at(op, network)) is not None]
    inside = {op.output for block in blocks for op in block.operators[:-1]}
    return max(network.tensors[op.output].bytes for op in network.operators if op.output not in inside)


def _only_reader(network: IntegerNetwork, name: str) -> Operator | None:
    """Return the operator that alone reads the tensor `name`, or None."""
    readers = [op for op in network.operators if name in op.inputs]
    return readers[0] if len(readers) == 1 and name not in network.outputs else None
