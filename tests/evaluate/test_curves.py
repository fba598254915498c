"""ROC of several networks in one picture, on a data set of drawn photos."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.evaluate.plots import _POINTS, _shown, roc_picture
from microface.metrics.roc import Roc, roc


@given(st.integers(0, 2**32 - 1), st.integers(200, 20_000))
def test_a_picture_of_a_long_curve_shows_the_same_steps(seed: int, impostors: int) -> None:
    random = np.random.default_rng(seed)
    curve = roc(random.normal(0, 1, 500), random.normal(2, 1, impostors))
    shown, lowest = _shown(curve, 10 / impostors), 10 / impostors
    assert len(shown) <= max(_POINTS + 2, 3) and shown[0] == 0 and shown[-1] == len(curve.far) - 1
    for rate in np.geomspace(lowest, 1, 50):
        right = curve.tar[np.searchsorted(curve.far, rate, side="right") - 1]
        drawn = curve.tar[shown][np.searchsorted(curve.far[shown], rate, side="right") - 1]
        assert drawn <= right and right - drawn < 0.02


def test_the_axis_begins_where_pairs_end() -> None:
    curve = Roc(np.array([-np.inf, 0.0, 1.0]), np.array([0.0, 0.1, 1.0]), np.array([0.0, 0.5, 1.0]))
    axes = roc_picture([("one", curve)], "title", 10_000).axes[0]
    assert axes.get_xlim()[0] == pytest.approx(1e-3)
