"""What every hardware layer does with its input: pool each operand, combine them element by element."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.ops.max78000.limits import broken
from microface.network.ops.max78000.pooling import combine, pool
from microface.network.ops.window import Pair, Window
from microface.network.tensors import Shape, Tensor

POOLS = ("none", "max", "average")
COMBINATIONS = ("none", "add", "sub", "or", "xor")


@dataclass(frozen=True, eq=False, kw_only=True)
class AcceleratorLayer(Operator):
    """A hardware layer on s8 tensors with zero point 0; sequences are (L, 1, C).

    `pool` is none, max or average (`pool_rounding`: half away from zero instead of toward zero). Several `inputs` are
    combined by `eltwise` after the pool, or before it where `pool_first` is False.
    """

    pool: str = "none"
    pool_size: Pair = (1, 1)
    pool_stride: Pair = (1, 1)
    pool_rounding: bool = False
    eltwise: str = "none"
    pool_first: bool = True

    @property
    def pooling(self) -> Window:
        """The window of the pool."""
        return Window(self.pool_size, self.pool_stride)

    def pooled(self, *inputs: Shape) -> Shape:
        """Return (H, W, C) behind pool and combination; refuse inputs that differ."""
        if len(set(inputs)) != 1:
            raise UserError(f"operator {self.name}", f"combines shapes {sorted(set(inputs))}", "give operands alike")
        source = inputs[0]
        return source if self.pool == "none" else (*self.pooling.output(self.name, source), source[2])

    def read(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Return int64 [N, H, W, C]: what the convolution sees."""
        if self.eltwise == "none":
            return self._pool(values[0])
        if self.pool_first:
            return combine([self._pool(value) for value in values], self.eltwise)
        return self._pool(combine(values, self.eltwise))

    def _pool(self, values: np.ndarray) -> np.ndarray:
        return pool(values, self.pool, self.pooling, self.pool_rounding)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require known pools and combinations, s8 inputs and zero points of 0."""
        self._require(self.pool in POOLS, f"has the pool {self.pool}", f"use one of {', '.join(POOLS)}")
        known = ", ".join(COMBINATIONS)
        self._require(self.eltwise in COMBINATIONS, f"combines by {self.eltwise}", f"use one of {known}")
        several = len(inputs) > 1
        self._require(several == (self.eltwise != "none"), f"has {len(inputs)} inputs", "name how they combine")
        signed = all(each.dtype == "s8" for each in inputs) and not any(each.zero_point for each in (*inputs, output))
        self._require(signed, "needs s8 inputs and zero points of 0", "quantise by powers of two")

    def _require(self, holds: bool, reason: str, mend: str) -> None:
        if not holds:
            raise UserError(f"operator {self.name}", reason, mend)

    @abstractmethod
    def shape(self, *inputs: Shape) -> Shape:
        """Return the output's shape."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Passthrough(AcceleratorLayer):
    """A hardware layer without convolution: pool and combination only."""

    kind: ClassVar[str] = "max78000_passthrough"

    def shape(self, *inputs: Shape) -> Shape:
        """Return the pooled shape."""
        return self.pooled(*inputs)

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return what was read."""
        return self.read(values)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require an s8 output besides."""
        super().check(inputs, output)
        if output.dtype != "s8":
            raise broken("wide_convolution", self.name, output.dtype)
