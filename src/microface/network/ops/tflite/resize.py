"""TFLite's RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR on integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.ops.window import Pair
from microface.network.tensors import Shape, Tensor

FRACTION = 10
"""Bits behind the point of a bilinear position."""


@dataclass(frozen=True, eq=False)
class _Resize(Operator):
    """What both share: the output's rows and columns, and how positions are counted."""

    size: Pair
    align_corners: bool
    half_pixel: bool

    def shape(self, *inputs: Shape) -> Shape:
        """Return `size` with the input's channels."""
        return (*self.size, inputs[0][2])

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require one type and sizes whose positions fit 32 bits."""
        largest = max(*inputs[0].shape[:2], *self.size)
        if inputs[0].dtype != output.dtype or min(self.size) < 1 or largest > 1 << 14:
            raise UserError(f"operator {self.name}", "changes the type or is too large", "resize within one type")


@dataclass(frozen=True, eq=False)
class ResizeNearest(_Resize):
    """Each output is the input at floor or round of its position in float32."""

    kind: ClassVar[str] = "resize_nearest"

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the chosen values."""
        rows, columns = (self.places(axis, inputs[0].shape[axis]) for axis in (0, 1))
        return values[0][:, rows][:, :, columns]

    def places(self, axis: int, length: int) -> np.ndarray:
        """Return int64: which input each output along `axis` takes."""
        count = self.size[axis]
        scale = np.float32(length) / np.float32(count)
        if self.align_corners and count > 1:
            scale = np.float32(length - 1) / np.float32(count - 1)
        positions = (np.arange(count, dtype=np.float32) + np.float32(0.5 if self.half_pixel else 0)) * scale
        nearest = np.floor(positions + np.float32(0.5)) if self.align_corners else np.floor(positions)
        return np.clip(nearest.astype(np.int64), 0, length - 1)


@dataclass(frozen=True, eq=False)
class ResizeBilinear(_Resize):
    """Four neighbours weighted in 1/1024, one rounding, halves away from zero."""

    kind: ClassVar[str] = "resize_bilinear"

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64."""
        x = values[0].astype(np.int64)
        top, bottom, down = self.places(0, inputs[0].shape[0])
        left, right, across = self.places(1, inputs[0].shape[1])
        down, across = down[:, None, None], across[:, None]
        one = 1 << FRACTION
        upper = x[:, top][:, :, left] * (one - across) + x[:, top][:, :, right] * across
        lower = x[:, bottom][:, :, left] * (one - across) + x[:, bottom][:, :, right] * across
        total = upper * (one - down) + lower * down
        half = 1 << (2 * FRACTION - 1)
        return np.where(total > 0, (total + half) >> 2 * FRACTION, -((half - total) >> 2 * FRACTION))

    def places(self, axis: int, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return int64 three times: both neighbours of each output along `axis`, and the second one's weight."""
        count, one = self.size[axis], 1 << FRACTION
        scale = (one * length + count // 2) // count
        if self.align_corners and count > 1:
            scale = (one * (length - 1) + (count - 1) // 2) // (count - 1)
        position = np.arange(count, dtype=np.int64) * scale
        if self.half_pixel:
            position = position + scale // 2 - (one >> 1)
        first = np.maximum(np.fix(position / one).astype(np.int64), 0)
        second = np.minimum(np.fix((position + one - 1) / one).astype(np.int64), length - 1)
        return first, second, position - one * first
