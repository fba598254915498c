"""Schedules over the run: rate of learning, weights of losses and resolution as functions of its done share."""

import math
from dataclasses import dataclass
from typing import Any

from microface.learn.train.config import TrainConfig

Size = tuple[int, int]
"""Height and width in pixels."""
_STEP = 16


@dataclass(frozen=True)
class View:
    """How crops are shown: height and width in pixels, and the share of the augmentation's ranges that is used."""

    size: Size
    strength: float = 1.0


def pair(size: int | Size) -> Size:
    """Return `size` as (height, width); one number is the side of a square."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def rate(config: TrainConfig, share: float) -> float:
    """Return the learning rate when `share` (0..1) of the run is done.

    A linear rise, then the steps of `config.rates`, or half a cosine to 0 where there are none.
    """
    if share < config.warm_up:
        return config.rate * max(share / config.warm_up, 1e-3)
    if config.rates:
        return config.rate * next((factor for start, factor in reversed(config.rates) if start <= share), 1.0)
    return config.rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (share - config.warm_up) / (1 - config.warm_up))))


def weight(points: Any, share: float) -> float:
    """Return the weight at `share` of the run: a number, or [share, weight] points with straight lines between."""
    if isinstance(points, int | float):
        return float(points)
    before = [(x, y) for x, y in points if x <= share] or [points[0]]
    after = [(x, y) for x, y in points if x > share] or [points[-1]]
    (x0, y0), (x1, y1) = before[-1], after[0]
    part = (share - x0) / (x1 - x0) if x1 > x0 else 0.0
    return float(y0 + (y1 - y0) * min(1.0, max(0.0, part)))


def size(config: TrainConfig, share: float, resolution: int | Size) -> Size:
    """Return (height, width) of the crops when `share` of the run is done, multiples of 16 while it grows."""
    part = max((start, part) for start, part in config.sizes if start <= share)[1]
    height, width = (min(side, max(_STEP, round(side * part / _STEP) * _STEP)) for side in pair(resolution))
    return (height, width) if part < 1 else pair(resolution)


def view(config: TrainConfig, share: float, resolution: int | Size) -> View:
    """Return how crops are shown when `share` of the run is done."""
    start, strength = config.settle
    return View(size(config, share, resolution), strength if share >= start else 1.0)
