"""True and false accepts over all pairs of photos of some people, with a bootstrap that draws people, not pairs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from microface.metrics.bootstrap import bootstrap_people
from microface.metrics.roc import MIN_FALSE_ACCEPTS, supported, threshold_at_far


@dataclass(frozen=True)
class Rate:
    """A share of `pairs` that were accepted, with the 95 % interval of a bootstrap over people."""

    value: float
    low: float
    high: float
    pairs: int


@dataclass(frozen=True)
class PersonPairs:
    """Counts int64 [P, P] of pairs of photos by their two people: `accepted` of `total`; the diagonal is genuine."""

    accepted: np.ndarray
    total: np.ndarray

    def true_accepts(self) -> Rate | None:
        """Return the share of one person's pairs that were accepted; None without such pairs."""
        return self._rate(np.eye(len(self.total), dtype=bool))

    def false_accepts(self) -> Rate | None:
        """Return the share of two people's pairs that were accepted; None without such pairs."""
        return self._rate(~np.eye(len(self.total), dtype=bool))

    def _rate(self, mask: np.ndarray) -> Rate | None:
        accepted, total = np.where(mask, self.accepted, 0), np.where(mask, self.total, 0)
        if not total.sum():
            return None

        def share(weights: np.ndarray) -> float:
            each = np.where(np.eye(len(weights), dtype=bool), weights, np.outer(weights, weights))
            whole = float((each * total).sum())
            return float((each * accepted).sum()) / whole if whole else float("nan")

        low, high = bootstrap_people(share, len(total))
        return Rate(float(accepted.sum() / total.sum()), low, high, int(total.sum()))


def split_pairs(distances: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances of all genuine and of all impostor pairs of photos, each pair once."""
    upper = np.triu(np.ones(distances.shape, bool), 1)
    same = owner[:, None] == owner[None, :]
    return distances[upper & same], distances[upper & ~same]


def count_pairs(distances: np.ndarray, owner: np.ndarray, threshold: float) -> PersonPairs:
    """Return the counts of `distances` [N, N] between photos of people `owner` int [N] (0..P-1), each pair once."""
    belongs = (owner[:, None] == np.arange(owner.max() + 1)[None, :]).astype(np.float64)
    upper = np.triu(np.ones(distances.shape, bool), 1)
    accepted, total = (belongs.T @ each @ belongs for each in ((distances <= threshold) & upper, upper))
    return PersonPairs(*(_folded(np.rint(counts).astype(np.int64)) for counts in (accepted, total)))


def _folded(counts: np.ndarray) -> np.ndarray:
    """Return `counts` with each pair of people in the upper triangle, whichever photo came first."""
    return np.triu(counts) + np.tril(counts, -1).T


def lowest_supported(impostors: int) -> float:
    """Return the lowest false-accept rate that so many impostor pairs can carry."""
    return min(1.0, MIN_FALSE_ACCEPTS / max(1, impostors))


def true_accept_rates(distances: np.ndarray, owner: np.ndarray, rates: Iterable[float]) -> dict[str, Rate]:
    """Return {"0.001": TAR with interval} at the thresholds that give those false-accept `rates` which are supported.

    The threshold of a rate is chosen once, on all pairs; people are drawn for the true accepts only.
    """
    _, impostor = split_pairs(distances, owner)
    found: dict[str, Rate] = {}
    for rate in rates:
        if supported(rate, len(impostor)):
            accepts = count_pairs(distances, owner, threshold_at_far(impostor, rate)).true_accepts()
            found |= {f"{rate:g}": accepts} if accepts is not None else {}
    return found
