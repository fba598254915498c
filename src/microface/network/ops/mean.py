"""MEAN over rows and columns: one value per channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.network.ops.base import Operator
from microface.network.requantise import HighMul
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Mean(Operator):
    """s = sum of (x - zx) over H * W pixels; `requantise` holds the one pair for that number; output (1, 1, C)."""

    kind: ClassVar[str] = "mean"

    requantise: HighMul

    @classmethod
    def between(cls, name: str, source: Tensor, output: Tensor) -> "Mean":
        """Return the mean that takes `source` to `output`."""
        pixels = source.shape[0] * source.shape[1]
        scales = np.array([source.scale / (output.scale * pixels)])
        return cls(name, (source.name,), output.name, HighMul.from_scales(scales, output.zero_point))

    def shape(self, *inputs: Shape) -> Shape:
        """Return (1, 1, C)."""
        (source,) = inputs
        return (1, 1, source[2])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum in int64 and requantise."""
        sums = (values[0].astype(np.int64) - inputs[0].zero_point).sum(axis=(1, 2), keepdims=True)
        return self.requantise.apply(sums)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Prove that no sum overflows."""
        (source,) = inputs
        pixels = source.shape[0] * source.shape[1]
        self.requantise.check(self.name, np.array([pixels * (source.highest - source.lowest)], np.int64))
