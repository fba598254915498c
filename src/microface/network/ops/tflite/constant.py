"""CONSTANT: integers that no input changes, for operators that read a constant of a file as they read anything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, Operator
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Constant(Operator):
    """`values` [H, W, C] of the output's type; there are no inputs."""

    kind: ClassVar[str] = "constant"

    values: np.ndarray

    def shape(self, *inputs: Shape) -> Shape:
        """Return the values' shape."""
        if self.values.ndim != 3 or inputs:
            raise UserError(f"operator {self.name}", f"holds {self.values.ndim} axes", "give rows, columns, channels")
        rows, columns, channels = self.values.shape
        return rows, columns, channels

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the values once, [1, H, W, C]: they are the same for a whole batch."""
        return self.values[None]

    def cost(self, *inputs: Shape) -> Cost:
        """Return the bytes of the values."""
        return Cost(constant_bytes=self.values.nbytes)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require the output's type."""
        if self.values.dtype != output.numpy_dtype:
            raise UserError(f"operator {self.name}", f"holds {self.values.dtype}", f"give {output.dtype}")
