"""Augmented views of many crops at once, in torch, on any device: the student and the teacher see the same ones.

What is drawn at random comes from a generator of the host, so the views are a function of it on every device, up to
the rounding of the device's arithmetic.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.train import degrade
from microface.learn.train.config import Augmentation
from microface.learn.train.schedule import Size

_GREY = (0.299, 0.587, 0.114)


class Views:
    """Makes views of `full` (height, width) of crops [N, H, W, 3] whose centre `content` fills an unchanged view."""

    def __init__(self, crop: Size, content: Size, full: Size, device: torch.device) -> None:
        self.crop, self.content, self.full, self.device = crop, content, full, device

    def of(self, crops: Tensor, settings: Augmentation, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return views float32 [N, 3, h, w] of whole levels 0..255, and which [N] are mixed of two crops."""
        x = crops.permute(0, 3, 1, 2).float()
        x = F.grid_sample(x, self._grid(len(x), settings, random), mode="bilinear", align_corners=False)
        x = self._coloured(x, settings, random)
        x = degrade.degraded(x, settings, random)
        x, mixed = self._mixed(x, settings, random)
        return x.round().clamp(0, 255), mixed

    def for_student(self, seen: Tensor, size: Size) -> Tensor:
        """Return the network's input [N, 3, *size] of the views `seen`: (level - 128) / 128, channels last."""
        if tuple(seen.shape[2:]) != size:
            seen = F.interpolate(seen, size, mode="bilinear", antialias=True).round()
        return ((seen - 128) / 128).contiguous(memory_format=torch.channels_last)

    def _grid(self, count: int, settings: Augmentation, random: np.random.Generator) -> Tensor:
        """Return where the views' pixels are read in the crops, [N, h, w, 2] in -1..1: mirror, roll, scale, shift."""
        angle = np.deg2rad(random.uniform(-settings.rotation, settings.rotation, count))
        factor = 1 + random.uniform(-settings.scale, settings.scale, count)
        mirror = np.where(random.random(count) < settings.mirror, -1.0, 1.0)
        (rows, columns), (height, width) = self.content, self.crop
        matrix = np.empty((count, 2, 3))
        # in pixels of the crop from its middle: turn x factor x the view's -1..1 times half the content
        matrix[:, 0, 0] = factor * np.cos(angle) * mirror * columns / width
        matrix[:, 0, 1] = -factor * np.sin(angle) * rows / width
        matrix[:, 1, 0] = factor * np.sin(angle) * mirror * columns / height
        matrix[:, 1, 1] = factor * np.cos(angle) * rows / height
        matrix[:, :, 2] = 2 * random.uniform(-settings.shift, settings.shift, (count, 2))
        matrix[:, :, 2] *= np.array([columns / width, rows / height])
        theta = torch.from_numpy(matrix.astype(np.float32)).to(self.device)
        return F.affine_grid(theta, [count, 3, *self.full], align_corners=False)

    def _coloured(self, x: Tensor, settings: Augmentation, random: np.random.Generator) -> Tensor:
        """Return views with other gamma, contrast and brightness; some are made grey."""
        count = len(x)
        gain = self._column(1 + random.uniform(-settings.gain, settings.gain, count))
        offset = self._column(random.uniform(-settings.offset, settings.offset, count))
        gamma = self._column(2.0 ** random.uniform(-settings.gamma, settings.gamma, count))
        grey = self._column(random.random(count) < settings.grey) > 0
        if settings.gamma > 0:
            x = 255 * (x.clamp(0, 255) / 255) ** gamma
        x = (x - 128) * gain + 128 + offset
        level = (x * x.new_tensor(_GREY).view(1, 3, 1, 1)).sum(1, keepdim=True)
        return torch.where(grey, level, x).clamp(0, 255)

    def _mixed(self, x: Tensor, settings: Augmentation, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return views of which a share is mixed with another view, 20 to 50 % of it."""
        draw = random.random(len(x)) < settings.mixup
        other = torch.from_numpy(random.permutation(len(x))).to(self.device)
        part = self._column(np.where(draw, random.uniform(0.2, 0.5, len(x)), 0.0))
        mixed = torch.from_numpy(draw).to(self.device)
        return (x if not settings.mixup else x * (1 - part) + x[other] * part), mixed

    def _column(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(self.device).view(-1, 1, 1, 1)
