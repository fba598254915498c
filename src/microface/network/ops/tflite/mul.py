"""TFLite's MUL: products of two tensors, rescaled."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.ops.tflite.add import broadcast_shape
from microface.network.requantise.tflite import rescale
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class TfliteMul(Operator):
    """y = clip(rescale((a - za) * (b - zb), factor) + zero_point); sizes of 1 are stretched.

    With one input, `constant` (integers [H, W, C] less their zero point) is b.
    """

    kind: ClassVar[str] = "tflite_mul"

    factor: tuple[int, int]
    zero_point: int
    lo: int
    hi: int
    constant: np.ndarray | None = field(default=None, kw_only=True)

    def shape(self, *inputs: Shape) -> Shape:
        """Return the stretched shape."""
        if self.constant is None:
            return broadcast_shape(self.name, *inputs)
        rows, columns, channels = self.constant.shape
        return broadcast_shape(self.name, inputs[0], (rows, columns, channels))

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64; `check` proves that 32 bits hold every product."""
        a = values[0].astype(np.int64) - inputs[0].zero_point
        if self.constant is None:
            b = values[1].astype(np.int64) - inputs[1].zero_point
        else:
            b = self.constant.astype(np.int64)[None]
        return np.clip(rescale(a * b, *self.factor) + self.zero_point, self.lo, self.hi)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Prove that 32 bits hold every product."""
        spans = [max(each.highest - each.zero_point, each.zero_point - each.lowest) for each in inputs]
        if self.constant is not None:
            spans.append(int(np.abs(self.constant).max()))
        if spans[0] * spans[1] << max(self.factor[1], 0) >= 1 << 31:
            raise UserError(f"operator {self.name}", "may overflow 32 bits", "convert it with other scales")
