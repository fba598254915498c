"""DEPTHWISE_CONV_2D with one output per input channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, WeightedOperator
from microface.network.ops.window import Padding, Pair, Window
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class PerChannel(WeightedOperator):
    """What depthwise convolutions share. Weights [KH, KW, C], bias int32 [C]. Padding holds the input's zero point."""

    stride: Pair = (1, 1)
    padding: Padding = (0, 0, 0, 0)
    dilation: Pair = (1, 1)

    @property
    def window(self) -> Window:
        """The window that slides over each channel."""
        return Window((self.weights.shape[0], self.weights.shape[1]), self.stride, self.padding, self.dilation)

    def shape(self, *inputs: Shape) -> Shape:
        """Return (OH, OW, C)."""
        (source,) = inputs
        if source[2] != self.weights.shape[2]:
            raise UserError(
                f"operator {self.name}", f"has weights for {self.weights.shape[2]} channels, gets {source[2]}", "fix it"
            )
        return (*self.window.output(self.name, source), source[2])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum tap by tap in int32 (int64 for 16-bit inputs), which `check` proves wide enough; then requantise."""
        wide = np.int64 if inputs[0].dtype == "s16" else np.int32
        centred = values[0].astype(wide) - inputs[0].zero_point
        patches = self.window.patches(self.window.pad(centred, 0))
        sums = np.zeros(patches.shape[:4], wide)
        for row, column in np.ndindex(*self.window.size):
            sums += patches[..., row, column] * self.weights[row, column].astype(wide)
        return self.requantise.apply(sums.astype(np.int64) + self.bias)

    def cost(self, *inputs: Shape) -> Cost:
        """Return OH * OW * C * KH * KW multiply-accumulates."""
        rows, columns, _ = self.shape(*inputs)
        return Cost(rows * columns * self.weights.size, self.constant_bytes())

    def weights_per_output(self) -> np.ndarray:
        """Return int64 [C, KH * KW]."""
        return self.weights.reshape(-1, self.weights.shape[2]).T.astype(np.int64)


@dataclass(frozen=True, eq=False)
class DepthwiseConv2D(PerChannel):
    """Weights are int8."""

    kind: ClassVar[str] = "depthwise_conv2d"
