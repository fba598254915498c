"""ROC figures against counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.metrics.roc import auc, equal_error_rate, roc, tar_at_far, tar_table, threshold_at_far

scores = st.lists(st.integers(0, 30), min_size=1, max_size=60).map(np.array)


@given(scores, scores)
def test_auc_is_the_share_of_pairs_in_order(genuine: np.ndarray, impostor: np.ndarray) -> None:
    wins = (genuine[:, None] < impostor[None, :]).mean() + (genuine[:, None] == impostor[None, :]).mean() / 2
    assert auc(genuine, impostor) == pytest.approx(wins)


@given(scores, scores)
def test_roc_counts_what_is_accepted(genuine: np.ndarray, impostor: np.ndarray) -> None:
    curve = roc(genuine, impostor)
    assert curve.tar[0] == curve.far[0] == 0 and curve.tar[-1] == curve.far[-1] == 1
    for threshold, far, tar in zip(curve.thresholds, curve.far, curve.tar, strict=True):
        assert far == pytest.approx(np.mean(impostor <= threshold))
        assert tar == pytest.approx(np.mean(genuine <= threshold))


@given(scores, scores, st.floats(0.01, 1))
def test_threshold_at_far_is_the_largest_allowed(genuine: np.ndarray, impostor: np.ndarray, rate: float) -> None:
    threshold = threshold_at_far(impostor, rate)
    assert np.mean(impostor <= threshold) <= rate + 1e-12
    above = impostor[impostor > threshold]
    if above.size:
        assert np.mean(impostor <= above.min()) > rate


def test_tar_at_far_uses_the_room_up_to_the_next_impostor() -> None:
    impostor = np.arange(100, 1100)
    genuine = np.array([50, 109, 109, 110])
    assert tar_at_far(genuine, impostor, 0.01) == pytest.approx(3 / 4)  # ten impostors: 100..109


def test_rates_without_ten_false_accepts_are_not_told() -> None:
    genuine, impostor = np.arange(1500), np.arange(1500)
    assert tar_at_far(genuine, impostor, 0.001) is None
    assert set(tar_table(genuine, impostor, (0.1, 0.01, 0.001))) == {"0.1", "0.01"}
    assert tar_at_far(genuine, np.arange(1000), 0.01) is not None


def test_equal_error_rate_of_separated_and_of_mixed_distances() -> None:
    assert equal_error_rate(np.arange(10), np.arange(20, 30)) == 0
    assert equal_error_rate(np.arange(100), np.arange(100)) == pytest.approx(0.5, abs=0.01)
