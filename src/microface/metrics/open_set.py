"""Open-set identification: visits of enrolled people and of strangers against a gallery."""

from dataclasses import dataclass

import numpy as np

from microface.metrics.bootstrap import REPLICATES, bootstrap_people
from microface.metrics.roc import Roc, share_accepted, supported


@dataclass(frozen=True)
class Visits:
    """Decisions before the threshold: `distance` [N] to the nearest enrolled person, `right` bool [N] whether it is
    the visitor (False for strangers), `visitor` int [N] an index of people 0..people-1, `enrolled` bool [N]."""

    distance: np.ndarray
    right: np.ndarray
    visitor: np.ndarray
    enrolled: np.ndarray

    @property
    def people(self) -> int:
        """Number of visitors, counted by their highest index."""
        return int(self.visitor.max()) + 1


def _share(mask: np.ndarray, weights: np.ndarray) -> float:
    """Return the weighted share of True in `mask`; nan without any weight."""
    total = float(weights.sum())
    return float(weights[mask].sum()) / total if total else float("nan")


def detection_and_identification_rate(visits: Visits, threshold: float, weights: np.ndarray | None = None) -> float:
    """Return DIR: the share of enrolled people's visits that are accepted *and* given the right name."""
    own = visits.enrolled
    each = np.ones(len(own)) if weights is None else weights[visits.visitor]
    return _share((visits.distance <= threshold)[own] & visits.right[own], each[own])


def false_positive_identification_rate(
    visits: Visits, threshold: float, weights: np.ndarray | None = None, misnamed: bool = False
) -> float:
    """Return FPIR: the share of strangers' visits that are accepted.

    With `misnamed`, an enrolled person's visit that is accepted under a wrong name counts as a false positive too.
    """
    counted = ~visits.enrolled | (misnamed & visits.enrolled & ~visits.right)
    each = np.ones(len(counted)) if weights is None else weights[visits.visitor]
    return _share((visits.distance <= threshold)[counted], each[counted])


def open_set_roc(visits: Visits, misnamed: bool = False) -> Roc:
    """Return (threshold, FPIR, DIR) at every distinct distance; the first point accepts nothing."""
    thresholds = np.concatenate([[-np.inf], np.unique(visits.distance).astype(np.float64)])
    own, wrong = visits.enrolled, ~visits.enrolled | (misnamed & visits.enrolled & ~visits.right)
    named = np.where(visits.right, visits.distance, np.inf)[own]
    return Roc(thresholds, share_accepted(visits.distance[wrong], thresholds), share_accepted(named, thresholds))


@dataclass(frozen=True)
class RateAt:
    """DIR at a chosen FPIR with the threshold that gives it and the 95 % interval of a bootstrap over people."""

    fpir: float
    threshold: float
    dir: float
    low: float
    high: float


def dir_at_fpir(
    visits: Visits, fpir: float, times: int = 1, replicates: int = REPLICATES, seed: int = 0
) -> RateAt | None:
    """Return the best DIR whose FPIR is at most `fpir`; None where strangers' visits are too few to say (10 / n).

    `times`: how often the same photos were drawn into `visits`; repeated visits support nothing more.
    """
    if not supported(fpir, int((~visits.enrolled).sum()) // times):
        return None
    threshold, rate = best_at(open_set_roc(visits), fpir)

    def resampled(weights: np.ndarray) -> float:
        return _resampled_dir(visits, fpir, weights)

    low, high = bootstrap_people(resampled, visits.people, replicates, seed)
    return RateAt(fpir, threshold, rate, low, high)


def best_at(curve: Roc, fpir: float) -> tuple[float, float]:
    """Return threshold and true accepts of the last point with at most `fpir` false ones; the threshold is finite."""
    last = int(np.flatnonzero(curve.far <= fpir + 1e-12)[-1])
    threshold = curve.thresholds[last] if last else np.nextafter(curve.thresholds[1], -np.inf)
    return float(threshold), float(curve.tar[last])


def _resampled_dir(visits: Visits, fpir: float, weights: np.ndarray) -> float:
    """Return DIR at `fpir` with people weighted: the threshold is chosen anew on the weighted strangers."""
    strange = ~visits.enrolled
    order = np.argsort(visits.distance[strange], kind="stable")
    each = weights[visits.visitor[strange]][order]
    if not each.sum():
        return float("nan")
    ordered = visits.distance[strange][order]
    over = np.flatnonzero(np.cumsum(each) > fpir * each.sum() + 1e-9)
    limit = np.nextafter(float(ordered[over[0]]), -np.inf)
    return detection_and_identification_rate(visits, limit, weights)
