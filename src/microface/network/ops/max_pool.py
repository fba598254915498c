"""MAX_POOL_2D: the largest value of each window; scale and zero point stay, padding never wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.ops.window import Padding, Pair, Window
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class MaxPool(Operator):
    """`size`, `stride` as (rows, columns); every window must touch the input."""

    kind: ClassVar[str] = "max_pool"

    size: Pair
    stride: Pair
    padding: Padding = (0, 0, 0, 0)

    @property
    def window(self) -> Window:
        """The window that slides over each channel."""
        return Window(self.size, self.stride, self.padding)

    def shape(self, *inputs: Shape) -> Shape:
        """Return (OH, OW, C)."""
        (source,) = inputs
        return (*self.window.output(self.name, source), source[2])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Pad with the type's lowest value, so that padding never wins."""
        padded = self.window.pad(values[0], inputs[0].lowest)
        return self.window.patches(padded).max(axis=(-2, -1))

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require the output to keep scale and zero point, and every window to hold a real pixel."""
        (source,) = inputs
        if (source.scale, source.zero_point) != (output.scale, output.zero_point):
            raise UserError(f"operator {self.name}", "changes scale or zero point", "a max pool keeps both")
        if self.window.real_pixels(source.shape).min() == 0:
            raise UserError(f"operator {self.name}", "has a window of padding only", "pad less")
