"""Visit statistics against counting trials one by one, and the threshold that follows from them."""

import json

import numpy as np
import pytest

from microface.metrics.gallery_rate import choose_threshold, gallery_rates, lowest_supported_rate, rate_at
from microface.metrics.trials import measure_visits
from microface.metrics.visits import STEPS, VisitStatistics
from microface.network.scores import Score


def people(count: int, photos: int, spread: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    centres = generator.integers(-90, 90, (count, 1, 16))
    embeddings = centres + generator.integers(-spread, spread + 1, (count, photos, 16))
    return embeddings.reshape(-1, 16), np.repeat(np.arange(count), photos)


def measured(count: int = 30, photos: int = 6) -> VisitStatistics:
    embeddings, owners = people(count, photos)
    return measure_visits(embeddings, owners, Score("l2").distances, replicates=40)


def test_every_stranger_and_every_spare_photo_is_a_trial() -> None:
    statistics = measured()
    assert statistics.photos == (1, 2, 3, 5)  # nobody has ten photos
    assert statistics.strangers.trials.tolist() == [30 * 29 * 6] * 4
    assert statistics.genuine.trials.tolist() == [30 * 5, 30 * 4, 30 * 3, 30]
    assert statistics.strangers.people.tolist() == [30] * 4
    assert statistics.strangers.counts.shape == (4, STEPS)


def test_counts_equal_counting_one_by_one() -> None:
    embeddings, owners = people(5, 2)
    distance = Score("l1").distances
    statistics = measure_visits(embeddings, owners, distance, photos=(2,), replicates=5)
    means = np.stack([distance(embeddings, embeddings[owners == p]).sum(axis=1) // 2 for p in range(5)], axis=1)
    strange = means[owners[:, None] != np.arange(5)[None, :]]
    expected = [(strange <= t).sum() for t in statistics.steps]
    assert statistics.strangers.counts[0].tolist() == expected
    assert statistics.steps[0] < strange.min() and expected[-1] == strange.size


def test_the_band_holds_the_share_and_narrows_with_more_people() -> None:
    few, many = measured(8), measured(60)
    for statistics in (few, many):
        share = statistics.strangers.share()[0]
        inside = (statistics.strangers.low[0] <= share + 1e-9) & (share <= statistics.strangers.high[0] + 1e-9)
        assert inside.mean() > 0.9
    widths = [np.mean(s.strangers.high[0] - s.strangers.low[0]) for s in (few, many)]
    assert widths[1] < widths[0] / 2


def test_statistics_survive_json_and_arrays() -> None:
    statistics = measured()
    again = VisitStatistics.from_json(json.loads(json.dumps(statistics.to_json())))
    for copy in (again, VisitStatistics.from_arrays(statistics.arrays())):
        assert copy.photos == statistics.photos
        for name, value in statistics.arrays().items():
            assert np.array_equal(value, copy.arrays()[name]), name


def test_a_gallerys_rate_is_the_sum_over_its_people() -> None:
    statistics = measured()
    share = statistics.strangers.share()
    rate, _, _ = gallery_rates(statistics, [1, 4, 7])
    assert rate == pytest.approx(np.minimum(1, share[0] + share[2] + share[3]))


def test_the_threshold_is_the_largest_within_the_target() -> None:
    statistics = measured()
    choice = choose_threshold(statistics, [5] * 4, wanted=0.05)
    assert not choice.limited and choice.target == 0.05
    step = int(np.flatnonzero(statistics.steps == choice.threshold)[-1])
    rate, _, _ = gallery_rates(statistics, [5] * 4)
    assert rate[step] <= 0.05 < rate[step + 1]
    assert choice.rate_low <= choice.rate <= choice.rate_high
    assert choice.low <= choice.threshold <= choice.high
    assert choice.genuine is not None and 0 <= choice.genuine <= 1


def test_a_rate_below_the_trials_is_raised_and_said() -> None:
    statistics = measured()
    lowest = lowest_supported_rate(statistics, [5] * 4)
    assert lowest == pytest.approx(4 * 10 / (30 * 29 * 6))
    choice = choose_threshold(statistics, [5] * 4, wanted=1e-5)
    assert choice.limited and choice.target == lowest and choice.wanted == 1e-5
    assert choice.rate <= lowest


def test_a_rate_at_any_threshold_is_taken_on_the_safe_side() -> None:
    statistics = measured()
    assert rate_at(statistics, [1], int(statistics.steps[0]) - 1)[0] == 0
    assert rate_at(statistics, [1], int(statistics.steps[-1]) + 9)[0] == 1
    between = (statistics.steps[500] + statistics.steps[501]) / 2
    assert rate_at(statistics, [1], between)[0] == statistics.strangers.share()[0, 501]


def test_one_person_gives_no_statistics() -> None:
    with pytest.raises(ValueError, match="two people"):
        measure_visits(np.ones((3, 2), np.int64), np.zeros(3, int), Score("l1").distances)
