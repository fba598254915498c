"""Rates of visits at one threshold, and the two rules that choose it from a curve."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microface.metrics.bootstrap import bootstrap_people
from microface.metrics.open_set import (
    Visits,
    best_at,
    detection_and_identification_rate,
    false_positive_identification_rate,
    open_set_roc,
)
from microface.metrics.roc import MIN_FALSE_ACCEPTS, Roc
from microface.metrics.thresholds import closest_to_corner

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class AtThreshold:
    """Rates at one threshold, each with the 95 % interval of a bootstrap over people."""

    threshold: float
    named_right: float
    named_right_interval: tuple[float, float]
    false_accepts: float
    false_accepts_interval: tuple[float, float]


def rates_at(visits: Visits, threshold: float, misnamed: bool = False) -> AtThreshold:
    """Return the rates of `visits` at `threshold`; with `misnamed` wrong names count as false accepts too."""

    def named(weights: np.ndarray | None = None) -> float:
        return detection_and_identification_rate(visits, threshold, weights)

    def accepted(weights: np.ndarray | None = None) -> float:
        return false_positive_identification_rate(visits, threshold, weights, misnamed)

    intervals = (bootstrap_people(rate, visits.people) for rate in (named, accepted))
    return AtThreshold(threshold, named(), next(intervals), accepted(), next(intervals))


def corner(curve: Roc) -> float:
    """Return the threshold of the point nearest to (0 false, 1 true), of those that accept anything."""
    accepting = Roc(curve.thresholds[1:], curve.far[1:], curve.tar[1:])
    return float(accepting.thresholds[closest_to_corner(accepting)])


def lowest_rate(strangers: int) -> float:
    """Return the lowest false-accept rate that so many visits of strangers support."""
    return min(1.0, MIN_FALSE_ACCEPTS / max(1, strangers))


def at_rate(visits: Visits, rate: float, times: int = 1) -> AtThreshold:
    """Return the rates at the largest threshold that accepts at most `rate` of the strangers' visits.

    Where that is below what the visits support (each photo drawn `times` times), the lowest supported rate is taken.
    """
    supported = lowest_rate(int((~visits.enrolled).sum()) // times)
    return rates_at(visits, best_at(open_set_roc(visits), max(rate, supported))[0])


def without_curves(result: "DataclassInstance") -> dict[str, Any]:
    """Return the fields of `result` as a JSON-able dictionary, less its curves `roc` and `roc_misnamed`."""
    return {name: value for name, value in asdict(result).items() if name not in ("roc", "roc_misnamed")}
