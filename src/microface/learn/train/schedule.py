"""Schedules over the run: rate of learning and resolution as functions of its done share."""

import math
from dataclasses import dataclass

from microface.learn.train.config import TrainConfig

_STEP = 16


@dataclass(frozen=True)
class View:
    """How crops are shown: side in pixels, and the share of the augmentation's ranges that is used."""

    size: int
    strength: float = 1.0


def rate(config: TrainConfig, share: float) -> float:
    """Return the learning rate when `share` (0..1) of the run is done: linear rise, then half a cosine to 0."""
    if share < config.warm_up:
        return config.rate * max(share / config.warm_up, 1e-3)
    return config.rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (share - config.warm_up) / (1 - config.warm_up))))


def size(config: TrainConfig, share: float, resolution: int) -> int:
    """Return the side in pixels of the crops when `share` of the run is done, a multiple of 16."""
    part = max((start, part) for start, part in config.sizes if start <= share)[1]
    return min(resolution, max(_STEP, round(resolution * part / _STEP) * _STEP))


def view(config: TrainConfig, share: float, resolution: int) -> View:
    """Return how crops are shown when `share` of the run is done."""
    start, strength = config.settle
    return View(size(config, share, resolution), strength if share >= start else 1.0)
