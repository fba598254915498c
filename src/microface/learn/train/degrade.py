"""What cameras and networks of cameras do to a picture: fewer pixels, blur, coding, noise, something in the way.

All functions take views float32 [N, 3, H, W] of levels 0..255; what is drawn comes from a generator of the host.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.config import Augmentation
from microface.learn.train.jpeg import as_jpeg

_SIDES = (24, 32, 40, 48, 56, 64, 72, 80)
_TAPS = 7
Change = Callable[[Tensor], Tensor]


def degraded(x: Tensor, settings: Augmentation, random: np.random.Generator) -> Tensor:
    """Return `x` with a share of the views changed by each change that `settings` ask for."""
    sides = np.where(random.random(len(x)) < settings.small, random.choice(_SIDES, len(x)), 0)
    factor = random.uniform(1.2, 2.5, len(x))
    soft = (random.random(len(x)) < settings.soften) & (sides == 0)
    sides = np.where(soft, (x.shape[2] / factor / 8).round() * 8, sides).astype(int)
    x = smaller(x, np.minimum(sides, x.shape[2]))
    x = _some(x, random, settings.blur, lambda part: blurred(part, random.uniform(0.4, 1.5, len(part))))
    x = _some(x, random, settings.jpeg, lambda part: as_jpeg(part, random.uniform(15, 70, len(part))))
    x = _some(x, random, settings.occlusion, lambda part: occluded(part, random))
    return noisy(x, settings.noise, random) if settings.noise > 0 else x


def smaller(x: Tensor, sides: np.ndarray) -> Tensor:
    """Return `x` with view i brought to a height of `sides[i]` pixels and back; 0 leaves it as it is."""
    x = x.clone()
    for side in np.unique(sides[sides > 0]):
        rows = torch.from_numpy(np.flatnonzero(sides == side)).to(x.device)
        small = (int(side), max(1, round(int(side) * x.shape[3] / x.shape[2])))
        down = F.interpolate(x[rows], small, mode="bilinear", antialias=True)
        x[rows] = F.interpolate(down, tuple(x.shape[2:]), mode="bilinear")
    return x


def blurred(x: Tensor, deviation: np.ndarray) -> Tensor:
    """Return `x` under Gaussians of `deviation` [N] pixels, 7 taps each way."""
    taps = np.exp(-((np.arange(_TAPS) - _TAPS // 2) ** 2) / (2 * deviation[:, None] ** 2))
    taps /= taps.sum(1, keepdims=True)
    weights = torch.from_numpy(taps.astype(np.float32)).to(x.device).view(len(x), _TAPS, 1, 1, 1)
    for axis in (2, 3):
        half = _TAPS // 2
        padded = F.pad(x, (half, half, 0, 0) if axis == 3 else (0, 0, half, half), mode="replicate")
        parts = (padded.narrow(axis, tap, x.shape[axis]) * weights[:, tap] for tap in range(_TAPS))
        x = torch.stack(list(parts)).sum(0)
    return x


def occluded(x: Tensor, random: np.random.Generator) -> Tensor:
    """Return `x` with a rectangle of one colour in each view, 15 to 45 % of each side."""
    count, (height, width) = len(x), tuple(x.shape[2:])
    size, corner = random.uniform(0.15, 0.45, (count, 2)), random.uniform(0, 1, (count, 2))
    first = corner * (1 - size)
    edges = torch.from_numpy(np.hstack([first, first + size]).astype(np.float32)).to(x.device)
    top, left, bottom, right = (edges[:, i].view(-1, 1, 1, 1) for i in range(4))
    y = ((torch.arange(height, device=x.device) + 0.5) / height).view(1, 1, -1, 1)
    across = ((torch.arange(width, device=x.device) + 0.5) / width).view(1, 1, 1, -1)
    inside = (y >= top) & (y < bottom) & (across >= left) & (across < right)
    colour = torch.from_numpy(random.uniform(0, 255, (count, 3, 1, 1)).astype(np.float32)).to(x.device)
    return torch.where(inside, colour, x)


def noisy(x: Tensor, deviation: float, random: np.random.Generator) -> Tensor:
    """Return `x`, half of its views with normal noise of up to `deviation` levels."""
    own = np.where(random.random(len(x)) < 0.5, random.uniform(0, deviation, len(x)), 0.0)
    generator = torch.Generator(x.device).manual_seed(int(random.integers(2**62)))
    noise = torch.randn(x.shape, generator=generator, device=x.device)
    return x + noise * torch.from_numpy(own.astype(np.float32)).to(x.device).view(-1, 1, 1, 1)


def _some(x: Tensor, random: np.random.Generator, share: float, change: Change) -> Tensor:
    """Return `x` with a `share` of its views, drawn at random, changed."""
    drawn = np.flatnonzero(random.random(len(x)) < share)
    if len(drawn) == 0:
        return x
    rows = torch.from_numpy(drawn).to(x.device)
    return x.index_copy(0, rows, change(x[rows]))
