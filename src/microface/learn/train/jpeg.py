"""What JPEG coding does to a picture: blocks of 8 x 8 cosines, rounded by the quality's table (ITU-T T.81, annex K).

Colours keep their resolution; entropy coding changes nothing.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

# fmt: off
_LIGHT = (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
          14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
          49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99)
_COLOUR = (17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
           47, 66, 99, 99, 99, 99, 99, 99, *[99] * 32)
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
# fmt: on
_TO_RGB = np.linalg.inv(np.array(_TO_YCC)).tolist()
_SIDE = 8


def as_jpeg(x: Tensor, quality: np.ndarray) -> Tensor:
    """Return `x` float32 [N, 3, H, W] (RGB, 0..255) as it comes back from JPEG of `quality` [N] in 1..100."""
    height, width = x.shape[2:]
    padded = F.pad(x, (0, -width % _SIDE, 0, -height % _SIDE), mode="replicate")
    to_ycc = x.new_tensor(_TO_YCC)
    ycc = torch.einsum("oc,nchw->nohw", to_ycc, padded - 128)
    tables, turn = _tables(quality).to(x.device), _cosines().to(x.device)
    blocks = ycc.unflatten(3, (-1, _SIDE)).unflatten(2, (-1, _SIDE)).transpose(3, 4)  # [N, 3, rows, columns, 8, 8]
    coded = (turn @ blocks @ turn.T / tables).round() * tables
    back = (turn.T @ coded @ turn).transpose(3, 4).flatten(4, 5).flatten(2, 3)
    rgb = torch.einsum("oc,nchw->nohw", x.new_tensor(_TO_RGB), back) + 128
    return rgb[:, :, :height, :width].clamp(0, 255)


def _tables(quality: np.ndarray) -> Tensor:
    """Return the steps [N, 3, 1, 1, 8, 8] of `quality` [N], scaled as the Independent JPEG Group does."""
    factor = np.where(quality < 50, 50 / quality, 2 - quality / 50)[:, None, None, None, None, None]
    base = np.array([_LIGHT, _COLOUR, _COLOUR], np.float64).reshape(1, 3, 1, 1, _SIDE, _SIDE)
    return torch.from_numpy(np.maximum(1, np.floor(base * factor + 0.5)).astype(np.float32))


def _cosines() -> Tensor:
    """Return the orthonormal 8 x 8 matrix of the cosine transform."""
    k, n = np.mgrid[:_SIDE, :_SIDE]
    matrix = np.cos((2 * n + 1) * k * np.pi / (2 * _SIDE)) / 2
    matrix[0] /= 2**0.5
    return torch.from_numpy(matrix.astype(np.float32))
