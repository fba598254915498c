"""PAD rows and columns with the zero point, where no convolution can take the padding over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.ops.window import Padding, Window
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Pad(Operator):
    """`padding` is rows above, rows below, columns left, columns right; the fill is the input's zero point."""

    kind: ClassVar[str] = "pad"

    padding: Padding

    def shape(self, *inputs: Shape) -> Shape:
        """Return (H + above + below, W + left + right, C)."""
        (source,) = inputs
        top, bottom, left, right = self.padding
        return (source[0] + top + bottom, source[1] + left + right, source[2])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the values with the zero point around them."""
        return Window((1, 1), padding=self.padding).pad(values[0], inputs[0].zero_point)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require the output to keep scale and zero point, and padding not to be negative."""
        (source,) = inputs
        if (source.scale, source.zero_point) != (output.scale, output.zero_point) or min(self.padding) < 0:
            raise UserError(f"operator {self.name}", "changes scale or crops", "a pad only adds zero points")
