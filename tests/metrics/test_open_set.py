"""Open-set rates on visits small enough to count."""

import numpy as np
import pytest

from microface.metrics.bootstrap import bootstrap_people, people_weights
from microface.metrics.open_set import (
    Visits,
    detection_and_identification_rate,
    dir_at_fpir,
    false_positive_identification_rate,
    open_set_roc,
)


def some_visits() -> Visits:
    return Visits(
        distance=np.array([10, 20, 30, 15, 40, 25]),
        right=np.array([True, True, False, True, False, False]),
        visitor=np.array([0, 0, 1, 1, 2, 3]),
        enrolled=np.array([True, True, True, True, False, False]),
    )


def test_rates_by_hand() -> None:
    visits = some_visits()
    assert detection_and_identification_rate(visits, 20) == 3 / 4
    assert detection_and_identification_rate(visits, 30) == 3 / 4  # accepted, but under a wrong name
    assert false_positive_identification_rate(visits, 30) == 1 / 2
    assert false_positive_identification_rate(visits, 30, misnamed=True) == 2 / 3


def test_roc_holds_the_rates_of_every_threshold() -> None:
    curve = open_set_roc(some_visits())
    assert curve.thresholds.tolist() == [-np.inf, 10, 15, 20, 25, 30, 40]
    assert curve.far.tolist() == [0, 0, 0, 0, 0.5, 0.5, 1]
    assert curve.tar.tolist() == [0, 0.25, 0.5, 0.75, 0.75, 0.75, 0.75]


def test_too_few_strangers_say_nothing() -> None:
    assert dir_at_fpir(some_visits(), 0.01) is None


def test_dir_at_fpir_with_its_interval() -> None:
    generator = np.random.default_rng(2)
    own = generator.normal(100, 20, 400).round()
    strange = generator.normal(200, 20, 1000).round()
    visits = Visits(
        np.concatenate([own, strange]),
        np.concatenate([np.ones(400, bool), np.zeros(1000, bool)]),
        np.concatenate([np.arange(400) // 10, 40 + np.arange(1000) // 10]),
        np.concatenate([np.ones(400, bool), np.zeros(1000, bool)]),
    )
    found = dir_at_fpir(visits, 0.01)
    assert dir_at_fpir(visits, 0.01, times=2) is None  # the same visits twice say nothing more
    assert found is not None
    assert false_positive_identification_rate(visits, found.threshold) <= 0.01
    assert found.dir == detection_and_identification_rate(visits, found.threshold)
    assert found.low <= found.dir <= found.high and found.low < found.high
    assert found == dir_at_fpir(visits, 0.01)


def test_bootstrap_draws_people_with_replacement() -> None:
    weights = people_weights(7, 50)
    assert weights.shape == (50, 7) and set(weights.sum(axis=1)) == {7}
    values = np.arange(7.0)
    low, high = bootstrap_people(lambda w: float(np.average(values, weights=w)), 7)
    assert 0 < low < values.mean() < high < 6


def test_an_undefined_statistic_has_no_interval() -> None:
    assert all(np.isnan(bound) for bound in bootstrap_people(lambda _: float("nan"), 3))
    low, high = bootstrap_people(lambda w: float("nan") if w[0] == 0 else 1.0, 3)
    assert low == high == pytest.approx(1.0)
