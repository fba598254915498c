"""Receiver operating characteristic of distances: a pair is accepted when its distance is at most the threshold."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

MIN_FALSE_ACCEPTS = 10
"""A false-accept rate is stated only where at least this many impostor pairs stand behind it."""


@dataclass(frozen=True)
class Roc:
    """One point per distinct distance, ascending; the first point accepts nothing.

    `thresholds` float64 [K] (the first is -inf), `far` and `tar` float64 [K], fractions 0..1.
    """

    thresholds: np.ndarray
    far: np.ndarray
    tar: np.ndarray


def share_accepted(distances: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return for each threshold the share of `distances` that are at most it (0 where there are none)."""
    ordered = np.sort(np.asarray(distances))
    return np.searchsorted(ordered, thresholds, side="right") / max(1, ordered.size)


def roc(genuine: np.ndarray, impostor: np.ndarray) -> Roc:
    """Return the ROC of `genuine` [G] and `impostor` [I] distances at every distinct distance."""
    distinct = np.unique(np.concatenate([genuine, impostor])).astype(np.float64)
    thresholds = np.concatenate([[-np.inf], distinct])
    return Roc(thresholds, share_accepted(impostor, thresholds), share_accepted(genuine, thresholds))


def auc(genuine: np.ndarray, impostor: np.ndarray) -> float:
    """Return the area under the ROC: P(genuine < impostor) + P(equal) / 2, the Mann-Whitney statistic."""
    ordered = np.sort(np.asarray(impostor))
    below = np.searchsorted(ordered, genuine, side="left")
    up_to = np.searchsorted(ordered, genuine, side="right")
    return float(1.0 - (below + up_to).sum() / (2.0 * len(genuine) * ordered.size))


def supported(rate: float, impostors: int) -> bool:
    """Say whether `impostors` pairs can carry a statement about a false-accept `rate`."""
    return rate * impostors >= MIN_FALSE_ACCEPTS - 1e-9


def threshold_at_far(impostor: np.ndarray, rate: float) -> float:
    """Return the largest distance in `impostor` that accepts at most `rate` of them; -inf if each accepts more."""
    distinct = np.unique(impostor)
    allowed = distinct[share_accepted(impostor, distinct) <= rate + 1e-12]
    return float(allowed[-1]) if allowed.size else -np.inf


def tar_at_far(genuine: np.ndarray, impostor: np.ndarray, rate: float) -> float | None:
    """Return the best true-accept rate whose false-accept rate is at most `rate`; None where pairs are too few.

    Between two impostor distances the threshold may rise up to, but not onto, the next impostor.
    """
    if not supported(rate, len(impostor)):
        return None
    curve = roc(genuine, impostor)
    return float(curve.tar[curve.far <= rate + 1e-12].max())


def tar_table(genuine: np.ndarray, impostor: np.ndarray, rates: Iterable[float]) -> dict[str, float]:
    """Return `{"0.01": tar, ...}` for those `rates` that the number of impostor pairs supports."""
    values = {f"{rate:g}": tar_at_far(genuine, impostor, rate) for rate in rates}
    return {name: value for name, value in values.items() if value is not None}


def equal_error_rate(genuine: np.ndarray, impostor: np.ndarray) -> float:
    """Return the rate at which false accepts equal false refusals (mean of both at the nearest ROC point)."""
    curve = roc(genuine, impostor)
    nearest = int(np.argmin(np.abs(curve.far - (1.0 - curve.tar))))
    return float(curve.far[nearest] + 1.0 - curve.tar[nearest]) / 2.0
