"""False accepts of a whole gallery and the threshold for a chosen rate (a union bound over its people)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from microface.metrics.roc import MIN_FALSE_ACCEPTS
from microface.metrics.visits import VisitStatistics


@dataclass(frozen=True)
class ThresholdChoice:
    """The largest stored threshold whose false-accept rate is at most `target` visits of unknown people.

    `wanted` is what was asked for; `target` is higher where the statistics cannot support that (`limited`). `rate`,
    `rate_low`, `rate_high`: the rate at `threshold` with its 95 % band; `low`, `high`: the thresholds that the band's
    bounds would give; `genuine`: share of enrolled people's visits accepted, averaged over the gallery's people, None
    where no held-out person had photos to spare for such visits.
    """

    threshold: int
    wanted: float
    target: float
    rate: float
    rate_low: float
    rate_high: float
    low: int
    high: int
    genuine: float | None

    @property
    def limited(self) -> bool:
        """Whether the wanted rate lies below what the trials support."""
        return self.target > self.wanted


def gallery_rates(statistics: VisitStatistics, photos: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rate, low and high, each float64 [1024]: the sum of F_n over people with `photos` photos each.

    The bounds are sums of bounds: people of one gallery share the network's errors, so nothing is gained by averaging.
    """
    rows = [statistics.row(n) for n in photos]
    kinds = statistics.strangers.share(), statistics.strangers.low, statistics.strangers.high
    rate, low, high = (np.minimum(1.0, kind[rows].sum(axis=0)) for kind in kinds)
    return rate, low, high


def rate_at(statistics: VisitStatistics, photos: Sequence[int], threshold: float) -> tuple[float, float, float]:
    """Return rate, low and high of a gallery at any `threshold`, taken at the next stored step (the safe side)."""
    step = min(int(np.searchsorted(statistics.steps, threshold, side="left")), len(statistics.steps) - 1)
    rate, low, high = (float(kind[step]) for kind in gallery_rates(statistics, photos))
    return rate, low, high


def lowest_supported_rate(statistics: VisitStatistics, photos: Sequence[int]) -> float:
    """Return the lowest rate that a gallery's threshold may be set for: 10 false accepts in the trials per person."""
    trials = min(int(statistics.strangers.trials[statistics.row(n)]) for n in photos)
    return min(1.0, len(photos) * MIN_FALSE_ACCEPTS / trials)


def choose_threshold(statistics: VisitStatistics, photos: Sequence[int], wanted: float = 0.001) -> ThresholdChoice:
    """Return the threshold for a gallery whose people have `photos` photos each, for at most `wanted` false accepts.

    `wanted` is a share of visits by unknown people, 0 < wanted < 1; the gallery has at least one person.
    """
    rate, low, high = gallery_rates(statistics, photos)
    target = max(wanted, lowest_supported_rate(statistics, photos))
    step = _last_within(rate, target)
    return ThresholdChoice(
        threshold=int(statistics.steps[step]),
        wanted=wanted,
        target=target,
        rate=float(rate[step]),
        rate_low=float(low[step]),
        rate_high=float(high[step]),
        low=int(statistics.steps[_last_within(high, target)]),
        high=int(statistics.steps[_last_within(low, target)]),
        genuine=_genuine(statistics, photos, step),
    )


def _last_within(rate: np.ndarray, target: float) -> int:
    """Return the last step whose rate is at most `target`; the first step accepts nobody, so there is one."""
    return int(np.flatnonzero(rate <= target + 1e-12)[-1])


def _genuine(statistics: VisitStatistics, photos: Sequence[int], step: int) -> float | None:
    rows = [row for row in map(statistics.row, photos) if statistics.genuine.trials[row]]
    return float(statistics.genuine.share()[rows, step].mean()) if rows else None
