"""Light correction `spread`: a crop's mean goes to 128 and its standard deviation towards 56, all in integers.

Over the n = H * W * 3 bytes b of a crop, with S = sum b and Q = sum b * b (`//` is floor, isqrt the root's floor):

    mean  = (2 * S + n) // (2 * n)
    sigma = isqrt(256 * (n * Q - S * S) // (n * n))                 standard deviation in sixteenths
    gain  = 1024 when sigma = 0, else min(max((229376 + sigma // 2) // sigma, 128), 1024)    in 1/256
    table[b] = min(max(128 + (((b - mean) * gain + 128) >> 8), 0), 255)

229376 = 56 * 16 * 256. The crop's bytes go through the table of 256 bytes. Gains stay between 1/2 and 4, so that the
noise of a dark photo is not blown up without end. n * Q stays below 2^63 up to 1024 x 1024 pixels; 256 (n Q - S S)
does not, so in 64 bits d = n * Q - S * S is divided in two steps: 256 * (d // n^2) + 256 * (d % n^2) // n^2.
"""

from math import isqrt

import numpy as np

MEAN, SIGMA = 128, 56
_LEAST_GAIN, _MOST_GAIN = 128, 1024


def light_table(crop: np.ndarray) -> np.ndarray:
    """Return the table uint8 [256] of one uint8 crop [H, W, C]."""
    counts = [int(count) for count in np.bincount(crop.reshape(-1), minlength=256)]
    n = sum(counts)
    total = sum(value * count for value, count in enumerate(counts))
    squares = sum(value * value * count for value, count in enumerate(counts))
    mean = (2 * total + n) // (2 * n)
    sigma = sixteenths(n, total, squares)
    values = MEAN + (((np.arange(256) - mean) * _gain(sigma) + 128) >> 8)
    return np.clip(values, 0, 255).astype(np.uint8)


def sixteenths(count: int, total: int, squares: int) -> int:
    """Return the standard deviation, in 1/16, of `count` numbers with that sum and that sum of squares."""
    return isqrt(256 * (count * squares - total * total) // (count * count))


def _gain(sigma: int) -> int:
    if sigma == 0:
        return _MOST_GAIN
    return min(max((SIGMA * 16 * 256 + sigma // 2) // sigma, _LEAST_GAIN), _MOST_GAIN)


def correct_light(crop: np.ndarray) -> np.ndarray:
    """Return the uint8 crop [H, W, C] with its light corrected."""
    return light_table(crop)[crop]
