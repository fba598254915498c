"""Tensors of the integer network: NHWC with batch 1 left out, quantised by scale and zero point."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from microface.errors import UserError

Shape = tuple[int, int, int]
"""Height, width, channels. A vector of n values is (1, 1, n)."""

_NUMPY: dict[str, type[np.integer[Any]]] = {"u8": np.uint8, "s8": np.int8, "s16": np.int16, "s32": np.int32}


@dataclass(frozen=True)
class Tensor:
    """A named tensor: real value = scale * (integer - zero_point)."""

    name: str
    shape: Shape
    dtype: str
    scale: float
    zero_point: int = 0

    def __post_init__(self) -> None:
        """Refuse what no network may hold: odd types, empty shapes, scales that are not positive and finite."""
        if self.dtype not in _NUMPY:
            raise UserError(f"tensor {self.name}", f"has type {self.dtype}", f"use one of {', '.join(_NUMPY)}")
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise UserError(f"tensor {self.name}", f"has shape {self.shape}", "give height, width, channels >= 1")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise UserError(f"tensor {self.name}", f"has scale {self.scale}", "scales are positive and finite")
        if not self.lowest <= self.zero_point <= self.highest:
            raise UserError(f"tensor {self.name}", f"has zero point {self.zero_point}", f"outside {self.dtype}")

    @property
    def numpy_dtype(self) -> type[np.integer[Any]]:
        """The numpy type that holds this tensor's integers."""
        return _NUMPY[self.dtype]

    @property
    def lowest(self) -> int:
        """The smallest integer of the type."""
        return int(np.iinfo(self.numpy_dtype).min)

    @property
    def highest(self) -> int:
        """The largest integer of the type."""
        return int(np.iinfo(self.numpy_dtype).max)

    @property
    def elements(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size in memory."""
        return self.elements * np.dtype(self.numpy_dtype).itemsize

    def dequantise(self, integers: np.ndarray) -> np.ndarray:
        """Return the real values, float64, of `integers`."""
        return self.scale * (integers.astype(np.float64) - self.zero_point)
