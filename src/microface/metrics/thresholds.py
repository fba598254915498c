"""Thresholds chosen on labelled distances, and the accuracy of LFW's View 2."""

from dataclasses import dataclass

import numpy as np

from microface.metrics.roc import Roc


@dataclass(frozen=True)
class FoldAccuracy:
    """Accuracy per fold, its threshold chosen on the other folds; `std_error` = s / sqrt(folds), s with folds - 1."""

    mean: float
    std_error: float
    accuracies: tuple[float, ...]
    thresholds: tuple[float, ...]


def best_threshold(distances: np.ndarray, same: np.ndarray) -> float:
    """Return the threshold with most right decisions on `distances` [N], labels `same` bool [N].

    It lies midway between two neighbouring distances; of equally good ones the lowest (the safer) is taken.
    """
    order = np.argsort(distances, kind="stable")
    ordered, labels = np.asarray(distances, np.float64)[order], np.asarray(same, bool)[order]
    right = np.concatenate([[0], np.cumsum(np.where(labels, 1, -1))])
    last_of_equals = np.concatenate([[True], ordered[1:] != ordered[:-1], [True]])
    return _midway(ordered, int(np.argmax(np.where(last_of_equals, right, -len(ordered) - 1))))


def _midway(ordered: np.ndarray, accepted: int) -> float:
    """Return a threshold that accepts exactly the first `accepted` of `ordered`."""
    if accepted == 0:
        return float(np.nextafter(ordered[0], -np.inf))
    if accepted == len(ordered):
        return float(ordered[-1])
    below, above = float(ordered[accepted - 1]), float(ordered[accepted])
    return max(below, min((below + above) / 2.0, float(np.nextafter(above, -np.inf))))


def accuracy(distances: np.ndarray, same: np.ndarray, threshold: float) -> float:
    """Return the share of pairs for which `distance <= threshold` equals `same`."""
    return float(np.mean((np.asarray(distances) <= threshold) == np.asarray(same, bool)))


def fold_accuracy(distances: np.ndarray, same: np.ndarray, folds: np.ndarray) -> FoldAccuracy:
    """Return LFW View 2's accuracy: each fold of `folds` [N] judged by the best threshold of all other folds."""
    names = np.unique(folds)
    if len(names) < 2:
        raise ValueError("fold accuracy needs at least two folds")
    thresholds = tuple(best_threshold(distances[folds != fold], same[folds != fold]) for fold in names)
    picked = zip(names, thresholds, strict=True)
    values = tuple(accuracy(distances[folds == fold], same[folds == fold], t) for fold, t in picked)
    error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    return FoldAccuracy(float(np.mean(values)), error, values, thresholds)


def closest_to_corner(curve: Roc) -> int:
    """Return the index of the ROC point nearest to true accepts 1, false accepts 0; the lowest threshold of equals."""
    return int(np.argmin(np.hypot(curve.far, 1.0 - curve.tar)))
