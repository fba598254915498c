"""FLATTEN: the same bytes in H, W, C order, seen as a vector."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Flatten(Operator):
    """(H, W, C) becomes (1, 1, H * W * C)."""

    kind: ClassVar[str] = "flatten"

    def shape(self, *inputs: Shape) -> Shape:
        """Return (1, 1, H * W * C)."""
        (source,) = inputs
        return (1, 1, math.prod(source))

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the same values in a new shape."""
        return values[0].reshape(len(values[0]), 1, 1, -1)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require the output to keep scale and zero point."""
        (source,) = inputs
        if (source.scale, source.zero_point) != (output.scale, output.zero_point):
            raise UserError(f"operator {self.name}", "changes scale or zero point", "a flatten keeps both")
