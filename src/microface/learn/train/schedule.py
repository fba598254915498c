"""Schedules over the run: rate of learning and resolution as functions of its done share."""

import math

from microface.learn.train.config import TrainConfig

_STEP = 16


def rate(config: TrainConfig, share: float) -> float:
    """Return the learning rate when `share` (0..1) of the run is done: linear rise, then half a cosine to 0."""
    if share < config.warm_up:
        return config.rate * max(share / config.warm_up, 1e-3)
    return config.rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (share - config.warm_up) / (1 - config.warm_up))))


def size(config: TrainConfig, share: float, resolution: int) -> int:
    """Return the side in pixels of the crops when `share` of the run is done, a multiple of 16."""
    part = max((start, part) for start, part in config.sizes if start <= share)[1]
    return min(resolution, max(_STEP, round(resolution * part / _STEP) * _STEP))
