"""TFLite's LOGISTIC and TANH of 16 bits: a table of half the curve, straight between its points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, Operator
from microface.network.tensors import Shape, Tensor


def half_curve() -> np.ndarray:
    """Return uint16 [256]: 1 / (1 + exp(-i / 24)) in 1/65536.

    Each point is moved by half of what the straight piece behind it misses in its middle.
    """
    begin = np.arange(256)
    missed = _logistic((begin + 0.5) / 24) - (_logistic(begin / 24) + _logistic((begin + 1) / 24)) / 2
    points = np.rint(_logistic(begin / 24) + missed / 2)
    points[-1] = 65535
    return points.astype(np.uint16)


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(65536 / (1 + np.exp(-x)))


@dataclass(frozen=True, eq=False)
class TfliteSigmoid(Operator):
    """t = (x * multiplier + half) >> right; y = logistic(t / (24 * 512)), or tanh(t / (12 * 256)), in 1/32768."""

    kind: ClassVar[str] = "tflite_sigmoid"

    multiplier: int
    right: int
    tanh: bool

    def shape(self, *inputs: Shape) -> Shape:
        """Return the input's shape."""
        (source,) = inputs
        return source

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64; the lower half of the curve mirrors the upper."""
        half = (1 << self.right) >> 1
        x = (values[0].astype(np.int64) * self.multiplier + half) >> self.right
        return self._tanh(x) if self.tanh else self._logistic(x)

    def _logistic(self, x: np.ndarray) -> np.ndarray:
        curve, half = _interpolated(np.abs(x), 9, 0x7FFF << 10), 1 << 9
        return np.asarray(np.where(x >= 0, curve + half, (1 << 25) - curve + half - 1) >> 10)

    def _tanh(self, x: np.ndarray) -> np.ndarray:
        curve, middle, half = _interpolated(np.abs(x), 8, 0xFFFF << 8), 1 << 23, 1 << 7
        return np.asarray(np.where(x >= 0, curve - middle + half, middle - curve + half - 1) >> 8)

    def cost(self, *inputs: Shape) -> Cost:
        """Return the bytes of the table."""
        return Cost(constant_bytes=512)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require 16 bits on both sides, and factors that 32 bits hold."""
        if {inputs[0].dtype, output.dtype} != {"s16"} or not 0 < self.multiplier < 1 << 15 or not 0 <= self.right <= 31:
            raise UserError(f"operator {self.name}", "takes 16 bits and a small factor", "use s16 tensors")


def _interpolated(x: np.ndarray, bits: int, saturated: int) -> np.ndarray:
    """Return int64 the half curve at `x` >= 0, whose lower `bits` lie between two points."""
    table = half_curve().astype(np.int64)
    point = np.minimum(x >> bits, 254)
    between = (x & ((1 << bits) - 1)) * (table[point + 1] - table[point])
    return np.where(x >> bits >= 255, saturated, (table[point] << bits) + between)
