"""LiteRT's requantisation of FULLY_CONNECTED, which its reference defines in float64."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError


@dataclass(frozen=True, eq=False)
class RealRounding:
    """y = min(max(round(acc * scale) + zero_point, lo), hi), halves away from zero; `scales` are float64 [K]."""

    kind: ClassVar[str] = "tflite_real"

    scales: np.ndarray
    zero_point: int
    lo: int
    hi: int

    def apply(self, accumulators: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return int64 outputs for `accumulators` [..., K]; `index` picks scales where the last axis is not K."""
        values = accumulators.astype(np.float64) * self.scales[index]
        whole = np.trunc(values)
        rounded = whole + np.copysign(np.abs(values - whole) >= 0.5, values)
        return np.clip(rounded + self.zero_point, self.lo, self.hi).astype(np.int64)

    def check(self, name: str, bound: np.ndarray) -> None:
        """Prove that float64 holds every sum up to `bound` (int64 [K]); `name` is told in the error."""
        if np.any(bound >= 1 << 53):
            raise UserError(f"operator {name}", "may overflow its accumulator", "use smaller weights or bias")
        if not np.all(np.isfinite(self.scales) & (self.scales >= 0)):
            raise UserError(f"operator {name}", "has a scale that is no number", "check the tensors' scales")
