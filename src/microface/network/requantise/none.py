"""No requantisation: the 32-bit accumulator is the output."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError


@dataclass(frozen=True, eq=False)
class NoRequantise:
    """y = acc, an s32 tensor with zero point 0."""

    kind: ClassVar[str] = "none"

    zero_point: ClassVar[int] = 0

    def apply(self, accumulators: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the accumulators as they are, int64."""
        return accumulators.astype(np.int64)

    def check(self, name: str, bound: np.ndarray) -> None:
        """Prove that accumulators up to `bound` fit 32 bits; `name` is told in the error."""
        if np.any(bound >= 1 << 31):
            raise UserError(f"operator {name}", "may overflow its 32-bit accumulator", "use smaller weights or bias")
