"""TFLite's requantisation, as its reference kernels define it: two roundings.

x = (acc * 2^left * multiplier + 2^30) >> 31, saturated to 32 bits (a rounding doubling high multiply), then
x / 2^right to the nearest, halves away from zero; y = min(max(x + zero_point, lo), hi). One `shift` per channel
holds both: left = max(shift, 0), right = max(-shift, 0); scale = multiplier * 2^(shift - 31).
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from microface.errors import UserError


def split_scale(scale: float) -> tuple[int, int]:
    """Return multiplier (0, or 2^30 .. 2^31 - 1) and shift with scale = multiplier * 2^(shift - 31), rounded."""
    if not math.isfinite(scale) or scale < 0:
        raise UserError("requantisation", f"has the scale {scale}", "check the tensors' scales")
    fraction, shift = math.frexp(scale)
    multiplier = math.floor(fraction * 2.0**31 + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = 1 << 30, shift + 1
    return (0, 0) if shift < -31 or multiplier == 0 else (multiplier, shift)


def rounding_high_multiply(values: np.ndarray, multiplier: np.ndarray | int) -> np.ndarray:
    """Return int64 (values * multiplier + 2^30) >> 31, at most 2^31 - 1, for values within 32 bits."""
    product = values.astype(np.int64) * np.asarray(multiplier, np.int64)
    return np.minimum((product + (1 << 30)) >> 31, (1 << 31) - 1)


def rounding_shift(values: np.ndarray, right: np.ndarray | int) -> np.ndarray:
    """Return int64 values / 2^right to the nearest, halves away from zero."""
    right = np.asarray(right, np.int64)
    half = np.where(right > 0, np.int64(1) << np.maximum(right - 1, 0), 0)
    return (values + half - ((values < 0) & (right > 0))) >> right


def rescale(values: np.ndarray, multiplier: np.ndarray | int, shift: np.ndarray | int) -> np.ndarray:
    """Return int64 values * multiplier * 2^(shift - 31) with TFLite's two roundings; values * 2^left fit 32 bits."""
    shift = np.asarray(shift, np.int64)
    shifted = values.astype(np.int64) << np.maximum(shift, 0)
    return rounding_shift(rounding_high_multiply(shifted, multiplier), np.maximum(-shift, 0))


@dataclass(frozen=True, eq=False)
class DoubleRounding:
    """`multiplier` and `shift` are int32 [K], one pair per output channel."""

    kind: ClassVar[str] = "tflite"

    multiplier: np.ndarray
    shift: np.ndarray
    zero_point: int
    lo: int
    hi: int

    @classmethod
    def from_scales(cls, scales: np.ndarray, zero_point: int, lo: int = -128, hi: int = 127) -> Self:
        """Return the rule that multiplies by `scales` (float64 [K])."""
        pairs = np.array([split_scale(float(scale)) for scale in scales], np.int32)
        return cls(pairs[:, 0].copy(), pairs[:, 1].copy(), zero_point, lo, hi)

    @property
    def left(self) -> np.ndarray:
        """Bits that an accumulator is shifted left by, int32 [K]."""
        return np.maximum(self.shift, 0)

    @property
    def right(self) -> np.ndarray:
        """Bits of the second rounding, int32 [K]."""
        return np.maximum(-self.shift, 0)

    def apply(self, accumulators: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return int64 outputs for `accumulators` [..., K]; `index` picks pairs where the last axis is not K."""
        values = rescale(accumulators, self.multiplier[index], self.shift[index])
        return np.clip(values + self.zero_point, self.lo, self.hi)

    def check(self, name: str, bound: np.ndarray) -> None:
        """Prove |acc| * 2^left < 2^31 for accumulators up to `bound` (int64 [K]); `name` is told in the error."""
        left = self.left.astype(np.int64)
        if np.any(left > 30) or np.any(bound << left >= 1 << 31):
            raise UserError(f"operator {name}", "may overflow its 32-bit accumulator", "use smaller weights or bias")
        half = np.where(self.right > 0, np.int64(1) << np.maximum(self.right - 1, 0).astype(np.int64), 0)
        scaled = ((bound << left) * self.multiplier.astype(np.int64) >> 31) + 1
        if np.any(scaled + half >= 1 << 31):
            raise UserError(f"operator {name}", "may overflow its second rounding", "use smaller weights or bias")
        if np.any(self.multiplier < 0) or np.any(self.right > 31):
            raise UserError(f"operator {name}", "has a factor outside TFLite's range", "convert it again")


@dataclass(frozen=True, eq=False)
class SingleRounding(DoubleRounding):
    """The same factors with one rounding, halves away from zero, as LiteRT's FULLY_CONNECTED has it.

    |v| = (|acc| * multiplier + 2^(30 - shift)) >> (31 - shift) in int64. LiteRT multiplies in float64; `equals_real`
    proves that the integers give the same for every sum.
    """

    kind: ClassVar[str] = "tflite_single"

    @classmethod
    def from_scales(cls, scales: np.ndarray, zero_point: int, lo: int = -128, hi: int = 127) -> Self:
        """Return the rule that multiplies by `scales` (float64 [K]), as `equals_real` wants it where that can be."""
        pairs = np.array([_as_real(float(scale)) for scale in scales], np.int32)
        return cls(pairs[:, 0].copy(), pairs[:, 1].copy(), zero_point, lo, hi)

    def apply(self, accumulators: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return int64 outputs for `accumulators` [..., K]; `index` picks pairs where the last axis is not K."""
        bits = 31 - self.shift[index].astype(np.int64)
        product = accumulators.astype(np.int64) * self.multiplier[index].astype(np.int64)
        values = (product + (np.int64(1) << (bits - 1)) - (product < 0)) >> bits
        return np.clip(values + self.zero_point, self.lo, self.hi)

    def equals_real(self, scales: np.ndarray) -> bool:
        """Say whether every 32-bit sum gives what the real `scales` (float64 [K]) give it."""
        last = max(self.hi - self.zero_point, self.zero_point - self.lo)
        each = zip(scales.tolist(), self.multiplier.tolist(), self.shift.tolist(), strict=True)
        return all(_steps_agree(*channel, last) for channel in set(each))


def _as_real(scale: float) -> tuple[int, int]:
    """Return multiplier and shift, the neighbour of `split_scale` with which the outputs of bytes are LiteRT's."""
    multiplier, shift = split_scale(scale)
    for near in (multiplier, multiplier + 1, multiplier - 1) if multiplier else ():
        if 1 << 30 <= near < 1 << 31 and _steps_agree(scale, near, shift, 255):
            return near, shift
    return multiplier, shift


def _steps_agree(scale: float, multiplier: int, shift: int, last: int) -> bool:
    """Say whether the outputs 1 .. `last` begin at the same sums of 32 bits in integers and in float64."""
    bits, largest = 31 - shift, (1 << 31) - 1
    for step in range(1, last + 1) if multiplier else ():
        begin = -(-((2 * step - 1) << (bits - 1)) // multiplier)
        if begin - 1 > largest:
            break
        if (begin <= largest and round_away(begin * scale) < step) or round_away((begin - 1) * scale) >= step:
            return False
    return bool(multiplier) or round_away(largest * scale) == 0


def round_away(value: float) -> int:
    """Return the nearest integer, halves away from zero; exact."""
    whole = math.trunc(value)
    return whole + (1 if value > 0 else -1) * (abs(value - whole) >= 0.5)


@dataclass(frozen=True, eq=False)
class WideRounding(DoubleRounding):
    """For 64-bit sums, as TFLite has it for int16 activations: a 16-bit multiplier and one rounding, halves up.

    v = (acc * short + 2^(14 - shift)) >> (15 - shift), short = (multiplier + 2^15) >> 16, at most 2^15 - 1.
    """

    kind: ClassVar[str] = "tflite_wide"

    @property
    def short(self) -> np.ndarray:
        """The multipliers of 16 bits, int64 [K]."""
        return np.minimum((self.multiplier.astype(np.int64) + (1 << 15)) >> 16, (1 << 15) - 1)

    @property
    def bits(self) -> np.ndarray:
        """Bits that a product is shifted right by, int64 [K]."""
        return 15 - self.shift.astype(np.int64)

    def apply(self, accumulators: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return int64 outputs for `accumulators` [..., K]; `index` picks pairs where the last axis is not K."""
        product, bits = accumulators.astype(np.int64) * self.short[index], self.bits[index]
        values = (product + (np.int64(1) << (bits - 1))) >> bits
        return np.clip(values + self.zero_point, self.lo, self.hi)

    def check(self, name: str, bound: np.ndarray) -> None:
        """Prove that 64 bits hold every product; `name` is told in the error."""
        if np.any(bound >= 1 << 47) or np.any(self.shift > 14) or np.any(self.shift < -31):
            raise UserError(f"operator {name}", "may overflow its 64-bit accumulator", "use smaller weights or bias")
