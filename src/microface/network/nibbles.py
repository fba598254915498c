"""4-bit integers, two per byte: the first of a pair in the lower nibble, a zero beside the last of an odd number."""

import math

import numpy as np


def pack_nibbles(values: np.ndarray) -> np.ndarray:
    """Return uint8 [ceil(n / 2)] of the n integers -8..7 in `values`, in C order."""
    flat = values.reshape(-1).astype(np.uint8) & 15
    even = np.append(flat, np.zeros(flat.size % 2, np.uint8))
    return np.asarray(even[::2] | even[1::2] << 4, np.uint8)


def unpack_nibbles(packed: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return int8 of `shape` from uint8 [ceil(n / 2)]; a `ValueError` where the sizes differ."""
    count = math.prod(shape)
    if packed.dtype != np.uint8 or packed.shape != (-(-count // 2),):
        raise ValueError(f"{packed.size} bytes cannot hold {count} values of 4 bits")
    nibbles = np.stack([packed & 15, packed >> 4], axis=1).reshape(-1)[:count].astype(np.int8)
    return ((nibbles ^ 8) - 8).reshape(shape)
