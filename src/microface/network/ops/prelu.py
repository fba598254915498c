"""PRELU: below zero every channel has a slope of its own; scale and zero point stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, Operator
from microface.network.tensors import Shape, Tensor

FRACTION_BITS = 14
"""Bits behind the point of a slope."""


@dataclass(frozen=True, eq=False)
class Prelu(Operator):
    """v = x - zero_point; y = clip(v + zero_point or, where v < 0, (v * slope + 2^13 >> 14) + zero_point).

    `slopes` are int16 [C] in units of 2^-14, so from -2 to below 2.
    """

    kind: ClassVar[str] = "prelu"

    slopes: np.ndarray

    @classmethod
    def with_slopes(cls, name: str, source: str, output: str, slopes: np.ndarray) -> "Prelu":
        """Return the PRELU with real `slopes` [C], each rounded to slopes = floor(slope * 2^14 + 1/2)."""
        return cls(name, (source,), output, slope_steps(name, slopes))

    def shape(self, *inputs: Shape) -> Shape:
        """Return the input's shape."""
        if self.slopes.shape != (inputs[0][2],):
            found = f"has slopes {list(self.slopes.shape)} for {inputs[0][2]} channels"
            raise UserError(f"operator {self.name}", found, "give one for each")
        return inputs[0]

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64; 32 bits hold every step."""
        centred = values[0].astype(np.int64) - inputs[0].zero_point
        below = centred * self.slopes.astype(np.int64) + (1 << (FRACTION_BITS - 1)) >> FRACTION_BITS
        return np.clip(np.where(centred < 0, below, centred) + inputs[0].zero_point, -128, 127)

    def cost(self, *inputs: Shape) -> Cost:
        """Return the bytes of the slopes."""
        return Cost(constant_bytes=2 * int(self.slopes.size))

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require bytes, and the output to keep scale and zero point."""
        (source,) = inputs
        if (source.scale, source.zero_point) != (output.scale, output.zero_point):
            raise UserError(f"operator {self.name}", "changes the scale", "let input and output share theirs")
        if (source.dtype, output.dtype, self.slopes.dtype.name) != ("s8", "s8", "int16"):
            raise UserError(f"operator {self.name}", "is not of bytes with slopes of 16 bits", "quantise it again")


def slope_steps(name: str, slopes: np.ndarray) -> np.ndarray:
    """Return int16 [C]: `slopes` of the operator `name` in units of 2^-14; a `UserError` outside [-2, 2)."""
    steps = np.floor(slopes.astype(np.float64) * 2.0**FRACTION_BITS + 0.5)
    wrong = ~((steps >= -(2**15)) & (steps < 2**15))
    if wrong.any():
        channel = int(np.argmax(wrong))
        found = f"has the slope {slopes[channel]:.4g} in channel {channel}"
        raise UserError(f"operator {name}", found, "keep slopes within -2..2 (more weight decay in training)")
    return steps.astype(np.int16)
