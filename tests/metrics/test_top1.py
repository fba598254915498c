"""Leave-one-out identification: answers worked out by hand, and against the definition written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.metrics.identification import identify, mean_to_others
from microface.metrics.open_set import Visits, best_at, open_set_roc

# Photos of two people at places on a line: A at 0, 1, 10 and B at 8, 9.
PLACES = np.array([0, 1, 10, 8, 9])
OWNER = np.array([0, 0, 0, 1, 1])
DISTANCES = np.abs(PLACES[:, None] - PLACES[None, :])


def test_the_own_distance_is_left_out_and_integers_are_floored() -> None:
    expected = [[5, 8], [5, 7], [9, 1], [5, 1], [6, 1]]  # A's 0: (1 + 10) // 2 to A, (8 + 9) // 2 to B
    assert mean_to_others(DISTANCES, OWNER).tolist() == expected
    assert mean_to_others(DISTANCES.astype(float), OWNER)[0].tolist() == [5.5, 8.5]


def test_each_photo_is_given_the_nearest_name() -> None:
    found = identify(DISTANCES, OWNER)
    assert found.named.tolist() == [0, 0, 1, 1, 1] and found.distance.tolist() == [5, 5, 1, 1, 1]
    assert found.top1() == 0.8 and found.confusion().tolist() == [[2, 1], [0, 2]]
    assert found.top1(np.array([0.0, 2.0])) == 1 and found.top1(np.array([1.0, 0.0])) == pytest.approx(2 / 3)
    assert np.isnan(found.top1(np.zeros(2)))


def test_of_equally_near_people_the_lower_index_is_answered() -> None:
    assert identify(np.zeros((4, 4), np.int64), np.array([0, 0, 1, 1])).named.tolist() == [0, 0, 0, 0]


def test_one_photo_alone_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="two photos"):
        mean_to_others(np.zeros((3, 3)), np.array([0, 0, 1]))


@given(st.lists(st.integers(2, 4), min_size=2, max_size=5), st.integers(0, 2**32 - 1))
def test_means_are_those_of_the_definition(photos: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    owner = generator.permutation(np.repeat(np.arange(len(photos)), photos))
    distances = generator.integers(0, 2**30, (len(owner), len(owner)))
    means = mean_to_others(distances, owner)
    for i in range(len(owner)):
        for person in range(len(photos)):
            others = [int(distances[i, j]) for j in np.flatnonzero(owner == person) if j != i]
            assert means[i, person] == sum(others) // len(others)


def test_a_rate_that_the_nearest_stranger_exceeds_accepts_nobody_at_a_finite_threshold() -> None:
    visits = Visits(np.array([5, 3]), np.array([True, False]), np.array([0, 1]), np.array([True, False]))
    threshold, rate = best_at(open_set_roc(visits), 0.5)
    assert rate == 0 and np.isfinite(threshold) and threshold < 3


@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.booleans())
def test_the_curve_is_the_rates_at_every_distance(n: int, seed: int, misnamed: bool) -> None:
    from microface.metrics.open_set import detection_and_identification_rate as dir_at
    from microface.metrics.open_set import false_positive_identification_rate as fpir_at

    generator = np.random.default_rng(seed)
    enrolled = np.concatenate([[True, False], generator.random(n) < 0.5])
    right = enrolled & (generator.random(n + 2) < 0.7)
    visits = Visits(generator.integers(0, 9, n + 2), right, np.arange(n + 2), enrolled)
    curve = open_set_roc(visits, misnamed)
    for threshold, far, tar in zip(curve.thresholds, curve.far, curve.tar, strict=True):
        assert tar == pytest.approx(dir_at(visits, threshold))
        assert far == pytest.approx(fpir_at(visits, threshold, misnamed=misnamed))
