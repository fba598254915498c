"""AVERAGE_POOL_2D: the mean of each window's real pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.pool import Pool, require_pixels
from microface.network.ops.window import Window
from microface.network.requantise import HighMul
from microface.network.tensors import Tensor


@dataclass(frozen=True, eq=False)
class AveragePool(Pool):
    """s = sum of (x - zx) over a window's real pixels, n their number; `requantise` has one pair per n.

    `counts` int32 [K] lists the distinct n in rising order; pair k of `requantise` belongs to counts[k].
    """

    kind: ClassVar[str] = "average_pool"

    counts: np.ndarray
    requantise: HighMul

    @classmethod
    def between(cls, name: str, source: Tensor, output: Tensor, window: Window) -> "AveragePool":
        """Return the pool by `window` from `source` to `output`."""
        require_pixels(name, window, source.shape)
        counts = np.unique(window.real_pixels(source.shape)).astype(np.int32)
        requantise = HighMul.from_scales(source.scale / (output.scale * counts), output.zero_point)
        return cls(name, (source.name,), output.name, window.size, window.stride, window.padding, counts, requantise)

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum in int64 and requantise by the pair of each window's number of real pixels."""
        centred = values[0].astype(np.int64) - inputs[0].zero_point
        sums = self.window.patches(self.window.pad(centred, 0)).sum(axis=(-2, -1))
        pair = np.searchsorted(self.counts, self.window.real_pixels(inputs[0].shape))
        return self.requantise.apply(sums, pair[:, :, None])

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Prove that no sum overflows and that every window size has its pair."""
        (source,) = inputs
        if not np.array_equal(np.unique(self.window.real_pixels(source.shape)), self.counts):
            raise UserError(f"operator {self.name}", "lacks a factor for a window size", "lower it again")
        span = source.highest - source.lowest
        self.requantise.check(self.name, self.counts.astype(np.int64) * span)
