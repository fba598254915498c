"""TFLite's MEAN over rows, columns, channels or some of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.requantise.tflite import rescale, split_scale
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class TfliteMean(Operator):
    """s = sum of (x - zx) over `axes` (0 rows, 1 columns, 2 channels); y = clip(rescale(s, factor) + zero_point)."""

    kind: ClassVar[str] = "tflite_mean"

    axes: tuple[int, ...]
    factor: tuple[int, int]
    zero_point: int
    lo: int
    hi: int

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape with 1 in the place of every summed axis."""
        rows, columns, channels = (1 if axis in self.axes else size for axis, size in enumerate(inputs[0]))
        return rows, columns, channels

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum in int64 and rescale."""
        axes = tuple(axis + 1 for axis in self.axes)
        sums = (values[0].astype(np.int64) - inputs[0].zero_point).sum(axis=axes, keepdims=True)
        return np.clip(rescale(sums, *self.factor) + self.zero_point, self.lo, self.hi)

    def count(self, source: Shape) -> int:
        """Return how many values make one mean."""
        return int(np.prod([source[axis] for axis in self.axes], dtype=np.int64))

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Prove that no sum overflows."""
        (source,) = inputs
        span = (source.highest - source.lowest) * self.count(source.shape)
        if span << max(self.factor[1], 0) >= 1 << 31:
            raise UserError(f"operator {self.name}", "may overflow its 32-bit accumulator", "average fewer values")


def mean_factor(ratio: float, count: int) -> tuple[int, int]:
    """Return multiplier and shift of a mean over `count` values, `ratio` = input scale / output scale.

    The division by `count` joins the multiplier, cut to an integer, as TFLite does it.
    """
    multiplier, shift = split_scale(ratio)
    steps = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << steps) // count, shift - steps
