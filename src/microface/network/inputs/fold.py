"""Data folding: blocks of pixels become channels, so that an accelerator with many channels has fewer pixels."""

import numpy as np

from microface.errors import UserError
from microface.network.tensors import Shape


def fold(x: np.ndarray, factor: int) -> np.ndarray:
    """Return [N, H / r, W / r, r * r * C] of `x` [N, H, W, C], r = `factor`.

    Channel (i * r + j) * C + c holds channel c of the pixel (y * r + i, x * r + j): the vendor's order.
    """
    n, height, width, channels = x.shape
    if height % factor or width % factor:
        raise UserError(f"{height} x {width} pixels", f"cannot be folded by {factor}", "use sides that are multiples")
    blocks = x.reshape(n, height // factor, factor, width // factor, factor, channels)
    folded = blocks.transpose(0, 1, 3, 2, 4, 5)
    return np.ascontiguousarray(folded.reshape(n, height // factor, width // factor, factor * factor * channels))


def fold_to(x: np.ndarray, shape: Shape) -> np.ndarray:
    """Return `x` [N, H, W, C] folded as an input of `shape` wants it; as it is where it fits already."""
    factor, rest = divmod(x.shape[1], shape[0])
    folded = fold(x, factor) if factor > 1 and not rest else x
    if folded.shape[1:] != shape:
        raise UserError(
            f"pictures of {list(x.shape[1:])}", f"are no input of {list(shape)}", "prepare them in its size"
        )
    return folded
