"""False accepts of votes: the bound by chance alone, and counts on matches made by hand."""

import numpy as np
import pytest

from microface.chip.application.settings import Settings
from microface.demo.votes import rates
from microface.metrics.votes import at_least, independent


def test_agreement_of_independent_tries() -> None:
    assert at_least(2, 3, 0.1) == pytest.approx(3 * 0.01 * 0.9 + 0.001)
    frame, report = independent(0.1, (3, 2), (5, 3))
    assert frame == pytest.approx(0.028) and report == pytest.approx(at_least(3, 5, 0.028)) and report < frame < 0.1
    assert independent(1.0, (3, 2), (5, 3)) == (1.0, 1.0)


def matches(generator: np.random.Generator, alike: bool) -> np.ndarray:
    """4,000 sequences of one enrolled person: distances that are alike in a sequence, or that are not."""
    shape = (4000, 1, 1) if alike else (4000, 5, 3)
    distances = np.broadcast_to(generator.integers(0, 1000, shape), (4000, 5, 3))
    return np.stack([np.zeros_like(distances), distances], axis=-1)


def test_measured_rates_meet_the_bound_where_tries_are_independent() -> None:
    for rate in rates(matches(np.random.default_rng(1), alike=False), Settings()):
        assert rate.frame == pytest.approx(rate.independent[0], abs=0.01)
        assert rate.report == pytest.approx(rate.independent[1], abs=0.02)


def test_tries_that_are_alike_gain_nothing() -> None:
    for rate in rates(matches(np.random.default_rng(2), alike=True), Settings()):
        assert rate.crop == rate.frame == rate.report > rate.independent[1] or rate.crop >= 0.5


def test_three_crops_that_take_a_stranger_for_three_people_accept_nobody() -> None:
    found = matches(np.random.default_rng(3), alike=True).copy()
    found[..., 0] = np.arange(3)
    assert all(rate.frame == rate.report == 0 < rate.crop for rate in rates(found, Settings()))
