"""TFLite's AVERAGE_POOL_2D: a plain division, since input and output share their scale."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.pool import Pool
from microface.network.tensors import Tensor


@dataclass(frozen=True, eq=False)
class TfliteAveragePool(Pool):
    """s = sum of a window's n real pixels; y = clip(s / n to the nearest, halves away from zero, lo, hi).

    With `half_up` halves go up: a uint8 file's go away from its zero, -128 here.
    """

    kind: ClassVar[str] = "tflite_average_pool"

    lo: int
    hi: int
    half_up: bool = field(default=False, kw_only=True)

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum and divide in int64."""
        sums = self.window.patches(self.window.pad(values[0].astype(np.int64), 0)).sum(axis=(-2, -1))
        counts = self.window.real_pixels(inputs[0].shape)[:, :, None]
        if self.half_up:
            return np.clip((sums + counts // 2) // counts, self.lo, self.hi)
        means = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)
        return np.clip(means, self.lo, self.hi)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require every window to hold a real pixel, and sums that fit 32 bits."""
        super().check(inputs, output)
        if self.size[0] * self.size[1] * -inputs[0].lowest >= 1 << 31:
            raise UserError(f"operator {self.name}", "may overflow 32 bits", "use a smaller window")
