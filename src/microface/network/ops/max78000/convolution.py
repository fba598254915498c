"""A hardware layer with weights: 2-D, 1-D and transposed convolution, and linear as a window of the whole input."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.network.ops.base import Cost
from microface.network.ops.max78000.limits import broken, require_bits
from microface.network.ops.max78000.reader import AcceleratorLayer
from microface.network.ops.window import Pair, Window
from microface.network.requantise import NoRequantise, ShiftHalfUp
from microface.network.tensors import Shape, Tensor

OPERATIONS = ("conv2d", "conv1d", "convtranspose2d", "linear")
ACTIVATIONS = ("none", "relu", "abs")
BIAS_UNIT = 128
"""A bias of 1 adds this to the accumulator."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AcceleratorConv(AcceleratorLayer):
    """acc = sum x * w + 128 * bias; then `requantise`, then `activation` (none, relu, abs).

    `weights` int8 [O, KH, KW, I] lie in -2^(b-1) .. 2^(b-1) - 1 for b = `weight_bits` (8, 4, 2, 1; one bit is -1 or 0);
    `bias` int8 [O]. `operation` linear has a window of the whole input, conv1d KW = 1. `padding` (rows, columns) is on
    both sides and holds 0. Transposed: stride 2, output padding 1.
    """

    kind: ClassVar[str] = "max78000_conv"

    weights: np.ndarray
    bias: np.ndarray
    requantise: ShiftHalfUp | NoRequantise
    operation: str = "conv2d"
    activation: str = "none"
    weight_bits: int = 8
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    @classmethod
    def rounding(cls, output_shift: int, weight_bits: int = 8) -> ShiftHalfUp:
        """Return the requantisation of `output_shift`: y = floor(acc * 2^s / 128 + 1/2), s = shift + 8 - bits."""
        return ShiftHalfUp(7 - (output_shift + 8 - weight_bits))

    @property
    def output_shift(self) -> int:
        """The shift as checkpoints hold it; 0 for 32-bit outputs, which are not shifted."""
        right = self.requantise.right if isinstance(self.requantise, ShiftHalfUp) else self.weight_bits - 1
        return 7 - right - (8 - self.weight_bits)

    @property
    def wide(self) -> bool:
        """Whether the output is the 32-bit accumulator."""
        return isinstance(self.requantise, NoRequantise)

    @property
    def window(self) -> Window:
        """The window over the pooled input; for transposed convolutions over the input with zeros between."""
        (rows, columns), transposed = self.padding, self.operation == "convtranspose2d"
        before, after = (2 - rows, 3 - rows) if transposed else (rows, rows)
        left, right = (2 - columns, 3 - columns) if transposed else (columns, columns)
        size = (self.weights.shape[1], self.weights.shape[2])
        return Window(size, (1, 1), (before, after, left, right), self.dilation)

    def shape(self, *inputs: Shape) -> Shape:
        """Return (OH, OW, O)."""
        rows, columns, channels = self.pooled(*inputs)
        expected = self.weights.shape[3]
        mend = f"give it inputs of {expected} channels, or weights for {channels}"
        self._require(channels == expected, f"has weights for {expected} channels, gets {channels}", mend)
        if self.operation == "convtranspose2d":
            rows, columns = 2 * rows - 1, 2 * columns - 1
        return (*self.window.output(self.name, (rows, columns, channels)), self.weights.shape[0])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum exactly (float32 below 2^24, else float64), then requantise and activate in int64."""
        read = self.read(values)
        accumulators = self._sums(_spread(read) if self.operation == "convtranspose2d" else read)
        result = self.requantise.apply(accumulators + BIAS_UNIT * self.bias.astype(np.int64))
        if self.activation == "abs":
            return np.minimum(np.abs(result), 127)
        return np.maximum(result, 0) if self.activation == "relu" else result

    def _sums(self, values: np.ndarray) -> np.ndarray:
        kind = np.float32 if self._bound().max() < 1 << 24 else np.float64
        patches = self.window.patches(self.window.pad(values.astype(kind), 0))
        n, rows, columns = patches.shape[:3]
        taps = self._taps().transpose(3, 1, 2, 0).reshape(-1, len(self.weights)).astype(kind)
        sums = patches.reshape(n * rows * columns, -1) @ taps
        return sums.astype(np.int64).reshape(n, rows, columns, -1)

    def _taps(self) -> np.ndarray:
        # A transposed convolution is a convolution of the spread input with the kernel turned round.
        return self.weights[:, ::-1, ::-1] if self.operation == "convtranspose2d" else self.weights

    def cost(self, *inputs: Shape) -> Cost:
        """Return multiply-accumulates, padding counted, and packed bytes of weights with one byte per bias."""
        rows, columns, _ = self.shape(*inputs)
        packed = -(-self.weights.size * self.weight_bits // 8)
        return Cost(rows * columns * self.weights.size, packed + int(np.any(self.bias)) * self.bias.size)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require weights within their bits, a known operation and activation, and an output of the right type."""
        super().check(inputs, output)
        self._require(self.operation in OPERATIONS, f"is a {self.operation}", f"use one of {', '.join(OPERATIONS)}")
        self._require(self.activation in ACTIVATIONS, f"activates by {self.activation}", "use none, relu or abs")
        require_bits(self.weights, self.weight_bits, self.name)
        wanted = "s32" if self.wide else "s8"
        self._require(output.dtype == wanted, f"gives {wanted}, not {output.dtype}", "fix the tensor's type")
        if self.wide and self.activation != "none":
            raise broken("wide_activation", self.name, self.activation)
        self.requantise.check(self.name, self._bound())

    def _bound(self) -> np.ndarray:
        sums = np.abs(self.weights.astype(np.int64)).reshape(len(self.weights), -1).sum(axis=1)
        return sums * 128 + BIAS_UNIT * np.abs(self.bias.astype(np.int64))


def _spread(values: np.ndarray) -> np.ndarray:
    """Return `values` [N, H, W, C] with a zero between neighbours: [N, 2H - 1, 2W - 1, C]."""
    n, rows, columns, channels = values.shape
    spread = np.zeros((n, 2 * rows - 1, 2 * columns - 1, channels), values.dtype)
    spread[:, ::2, ::2] = values
    return spread
