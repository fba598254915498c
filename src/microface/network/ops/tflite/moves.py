"""Operators that only move values: SLICE, TRANSPOSE, PAD with any value, JOIN."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.tensors import Shape, Tensor

Triple = tuple[int, int, int]
"""One value per axis: rows, columns, channels."""


@dataclass(frozen=True, eq=False)
class _Move(Operator):
    """What they share: the type stays."""

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require one type."""
        if any(each.dtype != output.dtype for each in inputs):
            raise UserError(f"operator {self.name}", "changes the type", "it only moves values")


@dataclass(frozen=True, eq=False)
class Slice(_Move):
    """Along each axis the values begin, begin + step, ..., `count` of them; steps may be negative."""

    kind: ClassVar[str] = "slice"

    begin: Triple
    step: Triple
    count: Triple

    def shape(self, *inputs: Shape) -> Shape:
        """Return `count`; refuse what lies outside."""
        last = [b + s * (n - 1) for b, s, n in zip(self.begin, self.step, self.count, strict=True)]
        for ends, size in zip(zip(self.begin, last, strict=True), inputs[0], strict=True):
            if min(ends) < 0 or max(ends) >= size or min(self.count) < 1:
                raise UserError(f"operator {self.name}", f"takes a part outside {inputs[0]}", "convert it again")
        return self.count

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the chosen values."""
        ranges = (b + s * np.arange(n) for b, s, n in zip(self.begin, self.step, self.count, strict=True))
        rows, columns, channels = ranges
        return values[0][:, rows][:, :, columns][:, :, :, channels]


@dataclass(frozen=True, eq=False)
class Transpose(_Move):
    """Axis i of the output is axis `order`[i] of the input."""

    kind: ClassVar[str] = "transpose"

    order: Triple

    def shape(self, *inputs: Shape) -> Shape:
        """Return the sizes in the new order."""
        if sorted(self.order) != [0, 1, 2]:
            raise UserError(f"operator {self.name}", f"has the order {self.order}", "name each axis once")
        rows, columns, channels = (inputs[0][axis] for axis in self.order)
        return rows, columns, channels

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the values in the new order."""
        return values[0].transpose(0, *(axis + 1 for axis in self.order))


@dataclass(frozen=True, eq=False)
class Fill(_Move):
    """`before` and `after` more values along each axis, all of them `value`."""

    kind: ClassVar[str] = "fill"

    before: Triple
    after: Triple
    value: int

    def shape(self, *inputs: Shape) -> Shape:
        """Return the larger sizes."""
        if min(*self.before, *self.after) < 0:
            raise UserError(f"operator {self.name}", "pads by less than nothing", "convert it again")
        sizes = (b + n + a for b, n, a in zip(self.before, inputs[0], self.after, strict=True))
        rows, columns, channels = sizes
        return rows, columns, channels

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the values with `value` around them."""
        widths = ((0, 0), *zip(self.before, self.after, strict=True))
        return np.pad(values[0], widths, constant_values=self.value)


@dataclass(frozen=True, eq=False)
class Join(_Move):
    """The inputs one after the other along `axis` (0 rows, 1 columns, 2 channels)."""

    kind: ClassVar[str] = "join"

    axis: int

    def shape(self, *inputs: Shape) -> Shape:
        """Return the common shape with the sum of sizes along the axis."""
        sizes = list(inputs[0])
        sizes[self.axis] = sum(each[self.axis] for each in inputs)
        rows, columns, channels = sizes
        wanted = [rows, columns, channels]
        for each in inputs:
            wanted[self.axis] = each[self.axis]
            if list(each) != wanted:
                raise UserError(f"operator {self.name}", f"joins {inputs}", "other sizes must be equal")
        return rows, columns, channels

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the inputs joined."""
        return np.concatenate(list(values), axis=self.axis + 1)
