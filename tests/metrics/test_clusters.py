"""Rates over clusters: against the plain binomial, and against drawing clusters again and again."""

import math

import numpy as np
import pytest

from microface.metrics.clusters import clustered_rate


def test_clusters_of_one_are_the_binomial() -> None:
    hits = np.arange(400) % 4 > 0
    rate, error = clustered_rate(hits, np.arange(400))
    assert rate == 0.75 and error == pytest.approx(math.sqrt(0.75 * 0.25 / 399))


def test_clusters_that_agree_count_once() -> None:
    hits, clusters = np.repeat(np.arange(40) % 2 == 0, 10), np.repeat(np.arange(40), 10)
    assert clustered_rate(hits, clusters)[1] == pytest.approx(math.sqrt(0.25 / 39))


def test_it_is_the_spread_of_new_draws_of_clusters() -> None:
    random = np.random.default_rng(0)
    rates, errors = [], []
    for _ in range(600):
        sizes = random.integers(1, 12, 60)
        chances = np.repeat(random.beta(4, 1, 60), sizes)
        hits, clusters = random.random(len(chances)) < chances, np.repeat(np.arange(60), sizes)
        rate, error = clustered_rate(hits, clusters)
        rates.append(rate)
        errors.append(error)
    assert np.mean(errors) == pytest.approx(np.std(rates), rel=0.1)


def test_too_few() -> None:
    assert all(map(math.isnan, clustered_rate(np.zeros(0, bool), np.zeros(0, int))))
    assert clustered_rate(np.ones(3, bool), np.zeros(3, int))[0] == 1.0
