"""ADD of two tensors of one shape, each with its own scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Add(Operator):
    """y = min(max((a * ma + b * mb + c) >> shift, lo), hi), ma and mb below 2^15, shift 0..22.

    Two 16-bit products: one SMLAD on Arm.
    """

    kind: ClassVar[str] = "add"

    ma: int
    mb: int
    c: int
    shift: int
    lo: int
    hi: int

    @classmethod
    def between(cls, name: str, a: Tensor, b: Tensor, output: Tensor, lo: int = -128, hi: int = 127) -> "Add":
        """Return the ADD of tensors `a` and `b` that gives `output`: the largest shift with both factors < 2^15."""
        ratios = a.scale / output.scale, b.scale / output.scale
        fitting = [f for f in range(23) if all(_factor(ratio, f) < 1 << 15 for ratio in ratios)]
        if not fitting:
            raise UserError(f"operator {name}", "adds scales more than 2^15 apart", "calibrate it again")
        shift = fitting[-1]
        ma, mb = (_factor(ratio, shift) for ratio in ratios)
        half = 1 << (shift - 1) if shift else 0
        c = (output.zero_point << shift) - a.zero_point * ma - b.zero_point * mb + half
        return cls(name, (a.name, b.name), output.name, ma, mb, c, shift, lo, hi)

    def shape(self, *inputs: Shape) -> Shape:
        """Return the common shape."""
        first, second = inputs
        if first != second:
            raise UserError(f"operator {self.name}", f"adds {first} and {second}", "shapes must be equal")
        return first

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64; `check` proves that 32 bits hold every partial sum."""
        a, b = (value.astype(np.int64) for value in values)
        return np.clip((a * self.ma + b * self.mb + self.c) >> self.shift, self.lo, self.hi)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Prove that 32 bits hold every partial sum and 16 bits each factor."""
        largest = max(-inputs[0].lowest, inputs[0].highest)
        if (self.ma + self.mb) * largest + abs(self.c) >= 1 << 31 or not 0 <= max(self.ma, self.mb) < 1 << 15:
            raise UserError(f"operator {self.name}", "may overflow 32 bits", "calibrate it again")


def _factor(ratio: float, shift: int) -> int:
    return int(np.floor(ratio * 2.0**shift + 0.5))
