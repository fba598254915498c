"""TFLite's QUANTIZE between integers: another scale, zero point or type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.requantise.tflite import rescale
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Rescale(Operator):
    """y = clip(rescale(x - zx, factor) + zero_point, lo, hi)."""

    kind: ClassVar[str] = "rescale"

    factor: tuple[int, int]
    zero_point: int
    lo: int
    hi: int

    def shape(self, *inputs: Shape) -> Shape:
        """Return the input's shape."""
        (source,) = inputs
        return source

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64."""
        centred = values[0].astype(np.int64) - inputs[0].zero_point
        return np.clip(rescale(centred, *self.factor) + self.zero_point, self.lo, self.hi)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Prove that 32 bits hold every step."""
        if (inputs[0].highest - inputs[0].lowest) << max(self.factor[1], 0) >= 1 << 31:
            raise UserError(f"operator {self.name}", "may overflow 32 bits", "convert it with closer scales")
