"""Requantisation by one rounded high multiply: a single SMMLAR on Arm."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError


@dataclass(frozen=True, eq=False)
class HighMul:
    """v = ((acc * 2^left) * multiplier + 2^31) >> 32 in int64; y = min(max(v + zero_point, lo), hi).

    `left` and `multiplier` are int32 [K]: one pair per output channel (or per window size in average pools).
    """

    kind: ClassVar[str] = "highmul"

    left: np.ndarray
    multiplier: np.ndarray
    zero_point: int
    lo: int
    hi: int

    @classmethod
    def from_scales(cls, scales: np.ndarray, zero_point: int, lo: int = -128, hi: int = 127) -> "HighMul":
        """Return the rule that multiplies by `scales` (float64 [K], positive, below 2^31).

        Takes the smallest left >= 0 with m = floor(scale * 2^(32 - left) + 1/2) < 2^31.
        """
        if not (np.all(np.isfinite(scales)) and np.all(scales > 0) and np.all(scales < 2.0**30)):
            raise UserError("requantisation", "has a scale that is not in (0, 2^30)", "check the tensors' scales")
        left = np.zeros(len(scales), np.int32)
        multiplier = np.floor(scales * 2.0**32 + 0.5)
        while np.any(too_large := multiplier >= 2.0**31):
            left = left + too_large.astype(np.int32)
            multiplier = np.floor(scales * np.exp2(32.0 - left) + 0.5)
        return cls(left, multiplier.astype(np.int32), zero_point, lo, hi)

    def apply(self, accumulators: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return int64 outputs for `accumulators` [..., K]; `index` picks pairs where the last axis is not K."""
        shifted = accumulators.astype(np.int64) << self.left[index].astype(np.int64)
        value = (shifted * self.multiplier[index].astype(np.int64) + (1 << 31)) >> 32
        return np.clip(value + self.zero_point, self.lo, self.hi)

    def check(self, name: str, bound: np.ndarray) -> None:
        """Prove |acc| * 2^left < 2^31 for accumulators up to `bound` (int64 [K]); `name` is told in the error."""
        if np.any(bound << self.left.astype(np.int64) >= 1 << 31):
            raise UserError(f"operator {name}", "may overflow its 32-bit accumulator", "use smaller weights or bias")
