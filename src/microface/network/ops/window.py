"""The geometry of sliding windows, shared by convolutions and pools."""

from dataclasses import dataclass

import numpy as np

from microface.errors import UserError
from microface.network.tensors import Shape

Pair = tuple[int, int]
Padding = tuple[int, int, int, int]
"""Rows above, rows below, columns left, columns right."""


@dataclass(frozen=True)
class Window:
    """A window of `size` (rows, columns) that moves by `stride` over an input with `padding` around it."""

    size: Pair
    stride: Pair = (1, 1)
    padding: Padding = (0, 0, 0, 0)
    dilation: Pair = (1, 1)

    def output(self, name: str, source: Shape) -> Pair:
        """Return rows and columns of the output; `name` is the operator told in the error."""
        top, bottom, left, right = self.padding
        rows = self._steps(source[0] + top + bottom, 0)
        columns = self._steps(source[1] + left + right, 1)
        if rows < 1 or columns < 1:
            raise UserError(f"operator {name}", f"has a window larger than its input {source}", "add padding")
        return rows, columns

    def _steps(self, length: int, axis: int) -> int:
        extent = (self.size[axis] - 1) * self.dilation[axis] + 1
        return (length - extent) // self.stride[axis] + 1

    def pad(self, values: np.ndarray, fill: int) -> np.ndarray:
        """Return `values` [N, H, W, C] with `fill` around them."""
        top, bottom, left, right = self.padding
        return np.pad(values, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)

    def patches(self, padded: np.ndarray) -> np.ndarray:
        """Return a view [N, OH, OW, C, KH, KW] of the padded values [N, H, W, C]."""
        extent = tuple((k - 1) * d + 1 for k, d in zip(self.size, self.dilation, strict=True))
        view = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=(1, 2))
        return view[:, :: self.stride[0], :: self.stride[1], :, :: self.dilation[0], :: self.dilation[1]]

    def real_pixels(self, source: Shape) -> np.ndarray:
        """Return int64 [OH, OW]: how many pixels of each window lie inside the input, not in the padding."""
        ones = self.pad(np.ones((1, source[0], source[1], 1), np.int64), 0)
        return self.patches(ones).sum(axis=(-2, -1))[0, :, :, 0]


def same_padding(source: Pair, size: Pair, stride: Pair) -> Padding:
    """Return the padding with which ceil(source / stride) outputs arise, the odd pixel below and right."""
    total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(source, size, stride, strict=True)]
    return total[0] // 2, total[0] - total[0] // 2, total[1] // 2, total[1] - total[1] // 2
