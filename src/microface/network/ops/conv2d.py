"""CONV_2D: each output channel sums over a window of all input channels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, WeightedOperator
from microface.network.ops.window import Padding, Pair, Window
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Conv2D(WeightedOperator):
    """Weights int8 [O, KH, KW, I], bias int32 [O]. Padding holds the input's zero point."""

    kind: ClassVar[str] = "conv2d"

    stride: Pair = (1, 1)
    padding: Padding = (0, 0, 0, 0)
    dilation: Pair = (1, 1)

    @property
    def window(self) -> Window:
        """The window that slides over the input."""
        return Window((self.weights.shape[1], self.weights.shape[2]), self.stride, self.padding, self.dilation)

    def shape(self, *inputs: Shape) -> Shape:
        """Return (OH, OW, O)."""
        (source,) = inputs
        if source[2] != self.weights.shape[3]:
            raise UserError(
                f"operator {self.name}", f"has weights for {self.weights.shape[3]} channels, gets {source[2]}", "fix it"
            )
        return (*self.window.output(self.name, source), self.weights.shape[0])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum in float64, exact below 2^53 and proved below 2^31 by `check`; then requantise in int64."""
        centred = values[0].astype(np.float64) - inputs[0].zero_point
        patches = self.window.patches(self.window.pad(centred, 0))
        n, rows, columns, channels, kh, kw = patches.shape
        columns_of_taps = patches.reshape(n * rows * columns, channels * kh * kw)
        taps = self.weights.transpose(3, 1, 2, 0).reshape(channels * kh * kw, -1).astype(np.float64)
        sums = (columns_of_taps @ taps).astype(np.int64) + self.bias
        return self.requantise.apply(sums).reshape(n, rows, columns, -1)

    def cost(self, *inputs: Shape) -> Cost:
        """Return OH * OW * O * KH * KW * I multiply-accumulates."""
        rows, columns, _ = self.shape(*inputs)
        return Cost(rows * columns * self.weights.size, self.constant_bytes())

    def weights_per_output(self) -> np.ndarray:
        """Return int64 [O, KH * KW * I]."""
        return self.weights.reshape(self.weights.shape[0], -1).astype(np.int64)
