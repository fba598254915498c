"""How often visits are accepted: counts over thresholds, measured on held-out people, as a model package stores them.

A visit is one decision on one embedding. F_n(t) is the share of trials (a stranger's photo against a person of whom n
photos are enrolled) with distance <= t. Only counts are kept: no photo or template can be made from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microface.metrics.bootstrap import REPLICATES, band, people_weights

STEPS = 1024
PHOTOS = (1, 2, 3, 5, 10)


@dataclass(frozen=True)
class Trials:
    """Distances of one kind of trial: `distance` int64 [T], `person` and `visitor` int [T] indices of people."""

    distance: np.ndarray
    person: np.ndarray
    visitor: np.ndarray


@dataclass(frozen=True)
class TrialCounts:
    """Trials of one kind by number of enrolled photos (rows) over the thresholds (columns).

    `counts` int64 [n, 1024] trials with distance <= step, `trials` and `people` int64 [n], `low` and `high` float64
    [n, 1024] the 95 % band of the share, by a bootstrap over people.
    """

    counts: np.ndarray
    trials: np.ndarray
    people: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def share(self) -> np.ndarray:
        """Return float64 [n, 1024], the share of trials accepted at each step."""
        return np.asarray(self.counts / np.maximum(1, self.trials)[:, None])

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays under names that begin with `prefix`, small: counts of 32 bits where they fit."""
        small = {name: _narrow(value) for name, value in vars(self).items()}
        return {f"{prefix}_{name}": value for name, value in small.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str) -> "TrialCounts":
        """Read what `arrays` wrote; the band has the precision of 32-bit floats then."""
        return cls(*(_wide(np.asarray(arrays[f"{prefix}_{name}"])) for name in cls.__dataclass_fields__))


def _narrow(value: np.ndarray) -> np.ndarray:
    if value.dtype.kind == "f":
        return value.astype(np.float32)
    return value.astype(np.int32) if value.size and value.max() < 2**31 else value


def _wide(value: np.ndarray) -> np.ndarray:
    return value.astype(np.float64 if value.dtype.kind == "f" else np.int64)


@dataclass(frozen=True)
class VisitStatistics:
    """F_n(t) of strangers and the same of genuine visits.

    `steps` int64 [1024] ascending thresholds, `photos` the numbers n that the held-out people allowed, ascending.
    """

    steps: np.ndarray
    photos: tuple[int, ...]
    strangers: TrialCounts
    genuine: TrialCounts

    def row(self, photos: int) -> int:
        """Return the row of the largest stored n that is not above `photos` (at least 1)."""
        if photos < self.photos[0]:
            raise ValueError(f"statistics begin at {self.photos[0]} photos a person, not {photos}")
        return int(np.searchsorted(self.photos, photos, side="right")) - 1

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as named arrays, for a container file."""
        own = {"steps": self.steps, "photos": np.asarray(self.photos, np.int64)}
        return own | self.strangers.arrays("strangers") | self.genuine.arrays("genuine")

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "VisitStatistics":
        """Read what `arrays` wrote; further arrays are ignored."""
        kinds = (TrialCounts.from_arrays(arrays, kind) for kind in ("strangers", "genuine"))
        return cls(np.asarray(arrays["steps"]), tuple(int(n) for n in arrays["photos"]), *kinds)

    def to_json(self) -> dict[str, Any]:
        """Return everything as lists of numbers."""
        return {name: value.tolist() for name, value in self.arrays().items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "VisitStatistics":
        """Read what `to_json` wrote."""
        return cls.from_arrays({name: np.asarray(numbers) for name, numbers in value.items()})


def threshold_steps(distances: list[np.ndarray]) -> np.ndarray:
    """Return int64 [1024] thresholds, evenly spaced from just below the smallest distance up to the largest."""
    least = min(int(each.min()) for each in distances if each.size) - 1
    most = max(int(each.max()) for each in distances if each.size)
    return least + (np.arange(STEPS, dtype=np.int64) * (most - least)) // (STEPS - 1)


def count_trials(trials: list[Trials], steps: np.ndarray, replicates: int = REPLICATES, seed: int = 0) -> TrialCounts:
    """Return the counts of `trials` (one entry per n) over `steps`, with the band of a bootstrap over people."""
    rows = [_count_row(each, steps, replicates, seed) for each in trials]
    counts, low, high = (np.stack([row[part] for row in rows]) for part in range(3))
    sizes = np.array([each.distance.size for each in trials], np.int64)
    people = np.array([np.union1d(each.person, each.visitor).size for each in trials], np.int64)
    return TrialCounts(counts, sizes, people, low, high)


def _count_row(trials: Trials, steps: np.ndarray, replicates: int, seed: int) -> tuple[np.ndarray, ...]:
    """Return counts int64 [1024] and the band's bounds float64 [1024] for one n."""
    bins = np.searchsorted(steps, trials.distance, side="left")
    counts = np.cumsum(np.bincount(bins, minlength=STEPS + 1)[:STEPS])
    if not bins.size:
        return counts, np.zeros(STEPS), np.zeros(STEPS)
    people = int(max(trials.person.max(), trials.visitor.max())) + 1
    draws = people_weights(people, replicates, seed).astype(np.float64)
    low, high = band(np.stack([_weighted_share(bins, trials, weights) for weights in draws]))
    return counts, low, high


def _weighted_share(bins: np.ndarray, trials: Trials, weights: np.ndarray) -> np.ndarray:
    """Return the share of trials at most each step when people count `weights` times; both sides are drawn."""
    each = weights[trials.person]
    if trials.person is not trials.visitor:
        each = each * weights[trials.visitor]
    counts = np.cumsum(np.bincount(bins, each, minlength=STEPS + 1)[:STEPS])
    return np.asarray(counts / max(1.0, float(each.sum())))
