"""TFLite's PRELU: another slope below zero for each channel or value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, Operator
from microface.network.ops.tflite.add import broadcast_shape
from microface.network.requantise.tflite import rescale, split_scale
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class TflitePrelu(Operator):
    """v = x - zx; y = clip(rescale(v, above) or, below 0, rescale(v * slope, below), + zero_point).

    `slopes` are integers [H, W, C] less their zero point; sizes of 1 are stretched.
    """

    kind: ClassVar[str] = "tflite_prelu"

    slopes: np.ndarray
    above: tuple[int, int]
    below: tuple[int, int]
    zero_point: int

    @classmethod
    def with_slopes(cls, name: str, source: Tensor, output: Tensor, slopes: np.ndarray) -> "TflitePrelu":
        """Return the PRELU with real `slopes` [C], which become bytes of one scale, in float32 as TFLite has scales."""
        scale = np.float32(max(float(np.abs(slopes).max()), 2.0**-20) / 127)
        before, after = np.float32(source.scale), np.float32(output.scale)
        above, below = split_scale(float(before / after)), split_scale(float(before * scale / after))
        steps = np.rint(slopes.astype(np.float32) / scale).astype(np.int16)
        return cls(name, (source.name,), output.name, steps[None, None], above, below, output.zero_point)

    def shape(self, *inputs: Shape) -> Shape:
        """Return the input's shape."""
        rows, columns, channels = self.slopes.shape
        if broadcast_shape(self.name, inputs[0], (rows, columns, channels)) != inputs[0]:
            raise UserError(f"operator {self.name}", f"has slopes {self.slopes.shape} for {inputs[0]}", "fix them")
        return inputs[0]

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64."""
        centred = values[0].astype(np.int64) - inputs[0].zero_point
        bent = rescale(centred * self.slopes.astype(np.int64), *self.below)
        result = np.where(centred >= 0, rescale(centred, *self.above), bent)
        return np.clip(result + self.zero_point, inputs[0].lowest, inputs[0].highest)

    def cost(self, *inputs: Shape) -> Cost:
        """Return the bytes of the slopes."""
        return Cost(constant_bytes=2 * int(self.slopes.size))

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Prove that 32 bits hold every step."""
        span = inputs[0].highest - inputs[0].lowest
        steepest = int(np.abs(self.slopes).max())
        if max(span << max(self.above[1], 0), span * steepest << max(self.below[1], 0)) >= 1 << 31:
            raise UserError(f"operator {self.name}", "may overflow 32 bits", "convert it with other scales")
