"""RESHAPE: the same bytes seen in another shape."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Reshape(Operator):
    """(H, W, C) becomes `target`, values in the same order."""

    kind: ClassVar[str] = "reshape"

    target: Shape

    def shape(self, *inputs: Shape) -> Shape:
        """Return the target, which must hold as many values."""
        (source,) = inputs
        if math.prod(source) != math.prod(self.target):
            raise UserError(f"operator {self.name}", f"makes {self.target} of {source}", "keep the number of values")
        return self.target

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the same values in the new shape."""
        return values[0].reshape(len(values[0]), *self.target)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require the output to keep the type; files may give the same integers another scale."""
        if inputs[0].dtype != output.dtype:
            raise UserError(f"operator {self.name}", "changes the type", "a reshape keeps it")
