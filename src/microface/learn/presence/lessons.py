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

Lesson = tuple[np.ndarray, Tensor]
"""Windows uint8 [n, S, S, 3] and classes int64 [n]: 0 no face, 1 face."""


def lessons(windows: Windows, config: PresenceConfig, epoch: int) -> Iterator[Lesson]:
    """Yield the changed windows of `epoch` in batches; a function of the seed."""
    random = np.random.default_rng((config.seed, epoch))
    order = random.permutation(len(windows))
    size = windows.crops.shape[1:3]
    for first in range(0, len(order) - config.batch + 1, config.batch):
        rows = order[first : first + config.batch]
        crops = augmented(windows.crops[rows], size, size, config.augmentation, random)
        yield crops, _classes(windows.face[rows])


def plain(windows: Windows, batch: int = 128) -> Iterator[Lesson]:
    """Yield the windows unchanged, in batches."""
    for first in range(0, len(windows), batch):
        yield windows.crops[first : first + batch], _classes(windows.face[first : first + batch])


def read(crops: np.ndarray, shape: Shape) -> Tensor:
    """Return `crops` as an input of `shape` (H, W, C) reads them: float32 [n, C, H, W] in [-1, 127/128]."""
    x = torch.from_numpy(fold_to(crops, shape)).permute(0, 3, 1, 2)
    return x.float().sub_(128).div_(128)


def _classes(face: np.ndarray) -> Tensor:
    return torch.from_numpy(face.astype(np.int64))
