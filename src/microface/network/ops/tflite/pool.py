"""TFLite's AVERAGE_POOL_2D: a plain division, since input and output share their scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.ops.window import Padding, Pair, Window
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class TfliteAveragePool(Operator):
    """s = sum of a window's n real pixels; y = clip(s / n to the nearest, halves away from zero, lo, hi)."""

    kind: ClassVar[str] = "tflite_average_pool"

    size: Pair
    stride: Pair
    padding: Padding
    lo: int
    hi: int

    @property
    def window(self) -> Window:
        """The window that slides over each channel."""
        return Window(self.size, self.stride, self.padding)

    def shape(self, *inputs: Shape) -> Shape:
        """Return (OH, OW, C)."""
        (source,) = inputs
        return (*self.window.output(self.name, source), source[2])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum and divide in int64."""
        sums = self.window.patches(self.window.pad(values[0].astype(np.int64), 0)).sum(axis=(-2, -1))
        counts = self.window.real_pixels(inputs[0].shape)[:, :, None]
        means = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)
        return np.clip(means, self.lo, self.hi)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require every window to hold a real pixel, and sums that fit 32 bits."""
        if self.window.real_pixels(inputs[0].shape).min() == 0:
            raise UserError(f"operator {self.name}", "has a window of padding only", "pad less")
        if self.size[0] * self.size[1] * -inputs[0].lowest >= 1 << 31:
            raise UserError(f"operator {self.name}", "may overflow 32 bits", "use a smaller window")
