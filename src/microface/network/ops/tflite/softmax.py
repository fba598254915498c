"""TFLite's SOFTMAX on bytes, which its reference defines in float32 with a table of exponentials."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.network.ops.base import Cost, Operator
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class TfliteSoftmax(Operator):
    """Over channels: e_i = table[max - x_i]; y = clip(round_half_even(e_i * (1 / (sum e * scale))) + zero_point).

    `table` is float32 [256]; every operation is float32, the sum in the order of channels.
    """

    kind: ClassVar[str] = "tflite_softmax"

    table: np.ndarray
    scale: float
    zero_point: int

    def shape(self, *inputs: Shape) -> Shape:
        """Return the input's shape."""
        (source,) = inputs
        return source

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in float32, one rounding per operation."""
        x = values[0].astype(np.int64)
        powers = self.table[x.max(axis=3, keepdims=True) - x]
        total = np.zeros(powers.shape[:3], np.float32)
        for channel in range(powers.shape[3]):
            total = total + powers[..., channel]
        inverse = np.float32(1) / (total * np.float32(self.scale))
        shares = np.rint(powers * inverse[..., None]).astype(np.int64)
        return np.clip(shares + self.zero_point, inputs[0].lowest, inputs[0].highest)

    def cost(self, *inputs: Shape) -> Cost:
        """Return the bytes of the table."""
        return Cost(constant_bytes=1024)
