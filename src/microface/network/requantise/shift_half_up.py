"""Requantisation by a power of two, rounded half up: what accelerators with output shifts do."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError


@dataclass(frozen=True)
class ShiftHalfUp:
    """v = (acc + 2^(right - 1)) >> right for right > 0, acc << -right else; y = min(max(v, lo), hi); zero point 0."""

    kind: ClassVar[str] = "shift_half_up"
    zero_point: ClassVar[int] = 0

    right: int
    lo: int = -128
    hi: int = 127

    def apply(self, accumulators: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return int64 outputs for `accumulators`; all channels shift alike, so `index` picks nothing."""
        wide = accumulators.astype(np.int64)
        value = (wide + (1 << (self.right - 1))) >> self.right if self.right > 0 else wide << -self.right
        return np.clip(value, self.lo, self.hi)

    def check(self, name: str, bound: np.ndarray) -> None:
        """Prove that accumulators up to `bound` fit 32 bits; `name` is told in the error."""
        if np.any(bound >= 1 << 31):
            raise UserError(f"operator {name}", "may overflow its 32-bit accumulator", "use smaller weights or bias")
