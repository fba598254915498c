"""Windows as networks read them: folded, in [-1, 127/128], changed at random while training."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from microface.learn.presence.config import PresenceConfig
from microface.learn.train.augment import augmented
from microface.network.inputs.fold import fold_to
from microface.network.tensors import Shape
from microface.photos.presence.store import Windows

Lesson = tuple[Tensor, Tensor]
"""Inputs float32 [n, C, H, W] and classes int64 [n]: 0 no face, 1 face."""


def lessons(windows: Windows, shape: Shape, config: PresenceConfig, epoch: int) -> Iterator[Lesson]:
    """Yield the changed windows of `epoch` in batches for an input of `shape` (H, W, C); a function of the seed."""
    random = np.random.default_rng((config.seed, epoch))
    order = random.permutation(len(windows))
    size = windows.crops.shape[1:3]
    for first in range(0, len(order) - config.batch + 1, config.batch):
        rows = order[first : first + config.batch]
        crops = augmented(windows.crops[rows], size, size, config.augmentation, random)
        yield _lesson(crops, windows.face[rows], shape)


def plain(windows: Windows, shape: Shape, batch: int = 128) -> Iterator[Lesson]:
    """Yield the windows unchanged, in batches."""
    for first in range(0, len(windows), batch):
        yield _lesson(windows.crops[first : first + batch], windows.face[first : first + batch], shape)


def _lesson(crops: np.ndarray, face: np.ndarray, shape: Shape) -> Lesson:
    x = torch.from_numpy(fold_to(crops, shape)).permute(0, 3, 1, 2)
    return x.float().sub_(128).div_(128), torch.from_numpy(face.astype(np.int64))
