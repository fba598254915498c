"""Mapping of a crop's bytes to the network's input integers."""

import numpy as np

SCALE = 1 / 128
ZERO_POINT = 0


def map_bytes(crop: np.ndarray) -> np.ndarray:
    """Return s8 = byte - 128 of a uint8 crop [..., H, W, 3]: real input (byte - 128) / 128, one XOR 0x80 on a chip."""
    return (crop ^ 0x80).view(np.int8)
