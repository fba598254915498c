"""TFLite's ADD and SUB: each input is brought to a common fine scale, then the sum to the output's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.requantise.tflite import rescale, split_scale
from microface.network.tensors import Shape, Tensor


def broadcast_shape(name: str, first: Shape, second: Shape) -> Shape:
    """Return the shape in which sizes of 1 are stretched; `name` is the operator told in the error."""
    if any(a != b and 1 not in (a, b) for a, b in zip(first, second, strict=True)):
        raise UserError(f"operator {name}", f"combines {first} and {second}", "sizes must be equal or 1")
    rows, columns, channels = (max(a, b) for a, b in zip(first, second, strict=True))
    return rows, columns, channels


@dataclass(frozen=True, eq=False)
class TfliteAdd(Operator):
    """y = clip(rescale(rescale((a - za) << fine, first) +- rescale((b - zb) << fine, second), last) + zero_point).

    `first`, `second` and `last` are (multiplier, shift). Sizes of 1 are stretched. With one input, `constant`
    (integers [H, W, C] less their zero point) is b.
    """

    kind: ClassVar[str] = "tflite_add"

    first: tuple[int, int]
    second: tuple[int, int]
    last: tuple[int, int]
    fine: int
    zero_point: int
    lo: int
    hi: int
    negate: bool = field(default=False, kw_only=True)
    constant: np.ndarray | None = field(default=None, kw_only=True)

    def shape(self, *inputs: Shape) -> Shape:
        """Return the stretched shape."""
        return broadcast_shape(self.name, inputs[0], self._second_shape(inputs))

    def _second_shape(self, inputs: Sequence[Shape]) -> Shape:
        if self.constant is None:
            return inputs[1]
        rows, columns, channels = self.constant.shape
        return rows, columns, channels

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64; `check` proves that 32 bits hold every step."""
        a = rescale((values[0].astype(np.int64) - inputs[0].zero_point) << self.fine, *self.first)
        b = rescale(self._second(values, inputs) << self.fine, *self.second)
        total = rescale(a - b if self.negate else a + b, *self.last)
        return np.clip(total + self.zero_point, self.lo, self.hi)

    def _second(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        if self.constant is not None:
            return self.constant.astype(np.int64)[None]
        return values[1].astype(np.int64) - inputs[1].zero_point

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require factors below 1, so that 32 bits hold every step."""
        if max(self.first[1], self.second[1]) > 0 or self.last[1] > 0 or not 0 <= self.fine <= 20:
            raise UserError(f"operator {self.name}", "may overflow 32 bits", "convert it with closer scales")


def sum_factors(
    first: np.float32, second: np.float32, output: np.float32, fine: int
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Return the three factors of TfliteAdd for the scales of both inputs and the output."""
    twice = 2 * float(max(first, second))
    factors = float(first) / twice, float(second) / twice, twice / ((1 << fine) * float(output))
    return split_scale(factors[0]), split_scale(factors[1]), split_scale(factors[2])
