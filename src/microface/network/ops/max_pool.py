"""MAX_POOL_2D: the largest value of each window; scale and zero point stay, padding never wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.pool import Pool
from microface.network.ops.window import Padding
from microface.network.tensors import Tensor


@dataclass(frozen=True, eq=False)
class MaxPool(Pool):
    """The largest value of each window."""

    kind: ClassVar[str] = "max_pool"

    padding: Padding = (0, 0, 0, 0)

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Pad with the type's lowest value, so that padding never wins."""
        padded = self.window.pad(values[0], inputs[0].lowest)
        return self.window.patches(padded).max(axis=(-2, -1))

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require the output to keep scale and zero point, and every window to hold a real pixel."""
        (source,) = inputs
        if (source.scale, source.zero_point) != (output.scale, output.zero_point):
            raise UserError(f"operator {self.name}", "changes scale or zero point", "a max pool keeps both")
        super().check(inputs, output)
