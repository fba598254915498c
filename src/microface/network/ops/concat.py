"""CONCATENATION of channels: the inputs have one scale and one zero point, so the bytes are moved and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Concat(Operator):
    """(H, W, C) and (H, W, D) become (H, W, C + D), pixel by pixel; more than two are joined two at a time."""

    kind: ClassVar[str] = "concat"

    def shape(self, *inputs: Shape) -> Shape:
        """Return (H, W, C + D)."""
        if len(inputs) != 2:
            raise UserError(f"operator {self.name}", f"joins {len(inputs)} tensors", "join two at a time")
        first, second = inputs
        if first[:2] != second[:2]:
            raise UserError(f"operator {self.name}", f"joins {first} and {second}", "rows and columns must be equal")
        return (*first[:2], first[2] + second[2])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the same integers, the first input's channels before the second's."""
        return np.concatenate(values, axis=-1)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require one scale, zero point and type of the inputs and the output."""
        wanted = output.scale, output.zero_point, output.dtype
        if any((source.scale, source.zero_point, source.dtype) != wanted for source in inputs):
            raise UserError(f"operator {self.name}", "joins unlike scales or types", "calibrate all of them as one")
