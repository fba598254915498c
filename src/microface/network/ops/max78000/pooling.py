"""The accelerator's pools: maximum, and averages whose division truncates or rounds half away from zero."""

from collections.abc import Sequence

import numpy as np

from microface.network.ops.window import Window


def pool(values: np.ndarray, kind: str, window: Window, rounding: bool) -> np.ndarray:
    """Return int64 [N, OH, OW, C] of `values` [N, H, W, C]; `kind` is none, max or average.

    Averages are cut toward zero; with `rounding` they go to the nearest, halves away from zero.
    """
    wide = values.astype(np.int64)
    if kind == "none":
        return wide
    patches = window.patches(wide)
    if kind == "max":
        return patches.max(axis=(-2, -1))
    return average(patches.sum(axis=(-2, -1)), window.size[0] * window.size[1], rounding)


def average(sums: np.ndarray, count: int, rounding: bool) -> np.ndarray:
    """Return `sums` / `count` as s8 values in int64."""
    magnitude = (2 * np.abs(sums) + count) // (2 * count) if rounding else np.abs(sums) // count
    return np.clip(np.sign(sums) * magnitude, -128, 127)


def combine(operands: Sequence[np.ndarray], how: str) -> np.ndarray:
    """Return the element-wise combination of `operands` (none, add, sub, or, xor), cut to s8, int64."""
    result = operands[0].astype(np.int64)
    for other in operands[1:]:
        result = _COMBINE[how](result, other.astype(np.int64))
    return np.clip(result, -128, 127)


_COMBINE = {"add": np.add, "sub": np.subtract, "or": np.bitwise_or, "xor": np.bitwise_xor}
