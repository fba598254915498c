"""TFLite's SOFTMAX of 16 bits, which its reference defines in integers with two tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, Operator
from microface.network.requantise.tflite import rescale
from microface.network.tensors import Shape, Tensor

_PIECES = 512


@dataclass(frozen=True, eq=False)
class TfliteSoftmax16(Operator):
    """Over channels: e_i = exp((x_i - max) * factor), y_i = e_i / sum e, all in 1/32768.

    `factor` is (multiplier, shift) and brings -10 to -65535. `exponentials` (of -10 .. 0) and `reciprocals`
    (1 / (1 + x) of 0 .. 1) are int16 [513], curves of 512 straight pieces.
    """

    kind: ClassVar[str] = "tflite_softmax16"

    exponentials: np.ndarray
    reciprocals: np.ndarray
    factor: tuple[int, int]

    def shape(self, *inputs: Shape) -> Shape:
        """Return the input's shape."""
        (source,) = inputs
        return source

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Compute in int64."""
        x = values[0].astype(np.int64)
        distance = rescale(x - x.max(axis=3, keepdims=True), *self.factor)
        powers = _look_up(self.exponentials, np.clip(distance + 32767, -32768, 32767))
        total = powers.sum(axis=3, keepdims=True)
        zeros = 32 - np.frexp(total.astype(np.float64))[1]
        scaled = ((total << (zeros - 1)) + (1 << 13)) >> 14
        inverse = _look_up(self.reciprocals, np.clip(scaled - (1 << 15) - (1 << 16), -32768, 32767))
        right = 31 - zeros
        return np.clip((powers * inverse + (np.int64(1) << (right - 1))) >> right, 0, 32767)

    def cost(self, *inputs: Shape) -> Cost:
        """Return the bytes of the tables."""
        return Cost(constant_bytes=4 * (_PIECES + 1))

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require 16 bits on both sides, tables of 513 values and sums that 31 bits hold."""
        lengths = {self.exponentials.shape, self.reciprocals.shape}
        fits = inputs[0].shape[2] < 1 << 15 and 65535 << max(self.factor[1], 0) < 1 << 31
        if {inputs[0].dtype, output.dtype} != {"s16"} or lengths != {(_PIECES + 1,)} or not fits:
            raise UserError(f"operator {self.name}", "takes 16 bits, fewer channels and a smaller factor", "see TFLite")


def _look_up(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    points, place = table.astype(np.int64), 256 + (x >> 7)
    return points[place] + (((points[place + 1] - points[place]) * (x & 0x7F) + 64) >> 7)


def curve_table(function: Callable[[float], float], begin: float, end: float) -> np.ndarray:
    """Return int16 [513]: `function` from `begin` to `end` in 1/32768.

    Each point is moved by half of what the straight piece behind it misses in its middle.
    """
    step = (end - begin) / _PIECES
    points = [_point(function, begin + i * step, step) for i in range(_PIECES)]
    return np.array([*points, min(_away(function(end) * _SCALE), 32767)], np.int16)


_SCALE = 65536 / (2.0 / 65535 * 65535)


def _point(function: Callable[[float], float], x: float, step: float) -> int:
    value, middle, following = function(x) * _SCALE, function(x + step / 2) * _SCALE, function(x + step) * _SCALE
    error = _away((following + _away(value)) / 2) - _away(middle)
    return max(min(_away(value) - _away(error / 2), 32767), -32768)


def _away(value: float) -> int:
    """Return the nearest integer, halves away from zero."""
    return int(np.copysign(np.floor(abs(value) + 0.5), value))
