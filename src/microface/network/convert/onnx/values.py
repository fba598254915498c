"""What a name in an ONNX graph stands for while the integer network is built."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from microface.errors import UserError

Dims = tuple[int, ...]
"""Sizes without the batch, as ONNX has them: channels first."""
INT8, UINT8 = "int8", "uint8"
SHIFT = {INT8: 0, UINT8: 128}
"""What an integer of the file loses on its way to int8."""


@dataclass(frozen=True, eq=False)
class Quantisation:
    """Scales float32 and zero points int64 [1] or [K] along `axis`; `dtype` is int8, uint8 or int32."""

    scales: np.ndarray
    points: np.ndarray
    dtype: str
    axis: int = 0

    def single(self, where: str) -> "Affine":
        """Return scale and zero point of an activation, as int8 has them."""
        if self.scales.size != 1 or self.dtype not in SHIFT:
            mend = "quantise activations to 8 bits with one scale per tensor"
            raise UserError(where, f"quantises an activation to {self.dtype} by {self.scales.size} scales", mend)
        return Affine(float(self.scales.reshape(-1)[0]), int(self.points.reshape(-1)[0]) - SHIFT[self.dtype])


@dataclass(frozen=True)
class Affine:
    """Real value = scale * (integer - zero_point), integers int8."""

    scale: float
    zero_point: int

    def reals(self) -> np.ndarray:
        """Return float32 [256]: the real value of each int8, from -128 on."""
        return (np.arange(-128, 128) - self.zero_point).astype(np.float32) * np.float32(self.scale)

    def integers(self, reals: np.ndarray) -> np.ndarray:
        """Return int8 as QuantizeLinear gives it: float32, halves to even."""
        ratio = np.rint(reals.astype(np.float32) / np.float32(self.scale))
        return np.clip(ratio + self.zero_point, -128, 127).astype(np.int8)


@dataclass(frozen=True)
class Value:
    """A computed tensor of the network.

    Its values in row-major order of `dims` are those of the tensor (H, W, C) in C, H, W order: a reshape of the file
    changes `dims` alone.
    """

    tensor: str
    dims: Dims

    @property
    def count(self) -> int:
        """How many values."""
        return math.prod(self.dims)


@dataclass(frozen=True, eq=False)
class Constant:
    """Integers of the file with their quantisation."""

    integers: np.ndarray
    quantisation: Quantisation

    def reals(self) -> np.ndarray:
        """Return float64 real values."""
        q = self.quantisation
        shape = [1] * self.integers.ndim
        if q.scales.size > 1:
            shape[q.axis] = -1
        scales, points = (part.reshape(shape) if part.size > 1 else part.reshape(()) for part in (q.scales, q.points))
        return (self.integers.astype(np.float64) - points) * scales


@dataclass(frozen=True, eq=False)
class Target:
    """What an operator writes: name and sizes, scale and zero point, and the integers it cuts at.

    `slopes` float64 [1] or [O] are those of a PReLU that a layer takes into its requantisation, None without one.
    """

    name: str
    affine: Affine
    lo: int = -128
    hi: int = 127
    slopes: np.ndarray | None = None


Finish = Callable[[Target], Value]


@dataclass(frozen=True)
class Pending:
    """A real value that waits for its QuantizeLinear; relu and clip have narrowed it to `low` .. `high`.

    `grid` is a quantisation that holds it as it is: that of an activation which is cut and nothing else. One that
    `bends` takes the slopes of a PReLU.
    """

    finish: Finish
    low: float = -math.inf
    high: float = math.inf
    grid: Affine | None = None
    bends: bool = False

    def bent(self, slopes: np.ndarray) -> "Pending":
        """Return it behind a PReLU with `slopes` float64 [1] or [O]."""
        return replace(self, finish=lambda target: self.finish(replace(target, slopes=slopes)), bends=False)

    def cut(self, low: float, high: float) -> "Pending":
        """Return it within `low` .. `high` too."""
        narrow = min(max(self.low, low), high), min(max(self.high, low), high)
        return replace(self, low=narrow[0], high=narrow[1], bends=False)

    def quantised(self, name: str, affine: Affine) -> Value:
        """Return the integers with the quantisation `affine`."""
        ends = np.array([self.low, self.high])
        with np.errstate(over="ignore"):
            lo, hi = (int(end) for end in affine.integers(ends))
        return self.finish(Target(name, affine, lo, hi))


@dataclass(frozen=True)
class Place:
    """The integers of a value plus `offset`: places in a table."""

    value: Value
    offset: int


@dataclass(frozen=True, eq=False)
class Looked:
    """Integers looked up in `table` int8 [256], which a DequantizeLinear will say the scale of."""

    value: Value
    table: np.ndarray


def moved(given: Pending, move: Callable[[Value], Value]) -> Pending:
    """Return `given` with its values moved, which may as well be done after their quantisation."""
    return replace(given, finish=lambda target: move(given.finish(target)))


@dataclass(frozen=True)
class FloatInput:
    """A float input, whose integers are the network's input."""

    name: str
    dims: Dims
