"""Thresholds against trying every one of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.metrics.roc import roc
from microface.metrics.thresholds import accuracy, best_threshold, closest_to_corner, fold_accuracy

labelled = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


@given(labelled)
def test_no_threshold_beats_the_best_one(pairs: list[tuple[int, bool]]) -> None:
    distances, same = np.array([d for d, _ in pairs]), np.array([s for _, s in pairs])
    best = accuracy(distances, same, best_threshold(distances, same))
    assert best == max(accuracy(distances, same, t) for t in range(-1, 13))


def test_the_threshold_lies_midway_between_the_neighbours() -> None:
    assert best_threshold(np.array([1, 4, 10, 12]), np.array([True, True, False, False])) == 7


def test_fold_accuracy_judges_each_fold_by_the_others() -> None:
    distances = np.array([1, 9, 1, 9, 6, 7])
    same = np.array([True, False, True, False, True, False])
    folds = np.array([1, 1, 2, 2, 3, 3])
    result = fold_accuracy(distances, same, folds)
    assert result.thresholds[2] == 5 and result.thresholds[0] == result.thresholds[1] == 6.5
    assert result.accuracies == (1.0, 1.0, 0.5)
    assert result.mean == pytest.approx(5 / 6)
    assert result.std_error == pytest.approx(np.std([1, 1, 0.5], ddof=1) / np.sqrt(3))


def test_one_fold_is_refused() -> None:
    with pytest.raises(ValueError, match="two folds"):
        fold_accuracy(np.arange(4), np.arange(4) < 2, np.ones(4))


def test_the_point_nearest_to_the_corner() -> None:
    curve = roc(np.array([1, 2, 3, 9]), np.array([4, 8, 10, 11]))
    assert curve.thresholds[closest_to_corner(curve)] == 3
