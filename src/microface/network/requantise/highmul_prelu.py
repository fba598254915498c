"""Requantisation with a PReLU in it: another factor below zero, and still one rounding."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError


@dataclass(frozen=True, eq=False)
class HighMulPrelu:
    """v = ((acc * 2^left) * m + 2^31) >> 32, m = `multiplier` where acc >= 0, else `below`; then as `HighMul`.

    `left`, `multiplier` and `below` are int32 [K], one of each per output channel; `below` may be negative or larger.
    y = min(max(v + zero_point, lo), hi).
    """

    kind: ClassVar[str] = "highmul_prelu"

    left: np.ndarray
    multiplier: np.ndarray
    below: np.ndarray
    zero_point: int
    lo: int
    hi: int

    @classmethod
    def from_scales(
        cls, scales: np.ndarray, slopes: np.ndarray, zero_point: int, lo: int = -128, hi: int = 127
    ) -> "HighMulPrelu":
        """Return the rule that multiplies by `scales` (float64 [K], positive), below zero by `slopes` [K] times that.

        Takes the smallest left >= 0 with both |m| = |floor(scale * 2^(32 - left) + 1/2)| < 2^31.
        """
        bent = scales * slopes.astype(np.float64)
        steepest = np.maximum(scales, np.abs(bent))
        if not (np.all(np.isfinite(steepest)) and np.all(scales > 0) and np.all(steepest < 2.0**30)):
            raise UserError("requantisation", "has a scale or slope out of range", "check scales and slopes")
        left = np.zeros(len(scales), np.int32)
        while np.any(too_large := np.floor(steepest * np.exp2(32.0 - left) + 0.5) >= 2.0**31):
            left = left + too_large.astype(np.int32)
        above, below = (np.floor(factors * np.exp2(32.0 - left) + 0.5).astype(np.int32) for factors in (scales, bent))
        return cls(left, above, below, zero_point, lo, hi)

    def apply(self, accumulators: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return int64 outputs for `accumulators` [..., K]; `index` picks factors where the last axis is not K."""
        shifted = accumulators.astype(np.int64) << self.left[index].astype(np.int64)
        multiplier = np.where(shifted < 0, self.below[index], self.multiplier[index]).astype(np.int64)
        value = (shifted * multiplier + (1 << 31)) >> 32
        return np.clip(value + self.zero_point, self.lo, self.hi)

    def check(self, name: str, bound: np.ndarray) -> None:
        """Prove |acc| * 2^left < 2^31 for accumulators up to `bound` (int64 [K]); `name` is told in the error."""
        if np.any(bound << self.left.astype(np.int64) >= 1 << 31):
            raise UserError(f"operator {name}", "may overflow its 32-bit accumulator", "use smaller weights or bias")

    @property
    def slopes(self) -> np.ndarray:
        """What values below zero are multiplied by, float64 [K]."""
        return self.below / np.maximum(self.multiplier, 1).astype(np.float64)
