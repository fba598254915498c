"""Pixels of cameras: two bytes with 5, 6 and 5 bits, and three bytes."""

import numpy as np


def from_rgb565(words: np.ndarray) -> np.ndarray:
    """Return uint8 [..., 3] of uint16 `words` [...]: red in the five highest bits; the highest bits are repeated."""
    wide = words.astype(np.uint32)
    red, green, blue = wide >> 11 & 31, wide >> 5 & 63, wide & 31
    return np.stack([red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2], -1).astype(np.uint8)


def to_rgb565(pixels: np.ndarray) -> np.ndarray:
    """Return the uint16 words [...] that a camera gives for uint8 RGB `pixels` [..., 3]: the highest bits."""
    red, green, blue = (pixels[..., c].astype(np.uint16) for c in range(3))
    return (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3
