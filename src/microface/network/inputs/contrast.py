"""How much there is to see in a crop, in integers."""

import numpy as np

from microface.network.inputs.light import sixteenths


def contrast(crop: np.ndarray) -> int:
    """Return the standard deviation of the green bytes of a uint8 crop [H, W, 3], in sixteenths of a step.

    Green stands for brightness: an even wall of any colour has 0.
    """
    green = crop[..., 1].astype(np.int64)
    return sixteenths(green.size, int(green.sum()), int((green * green).sum()))
