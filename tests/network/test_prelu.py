"""PRELU: the formula written out, closeness to real slopes, files, refusals."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microface.errors import UserError
from microface.network import IntegerNetwork, Tensor, digest, load_network, save_network
from microface.network.ops import Prelu

SLOPES = st.lists(st.floats(-2, 1.9999), min_size=1, max_size=9)
ZERO_POINTS = st.integers(-128, 127)


def network(slopes: np.ndarray, zero_point: int, name: str = "y", scale: float = 0.5) -> IntegerNetwork:
    shape = (2, 3, len(slopes))
    tensors = {"x": Tensor("x", shape, "s8", 0.5, zero_point), "y": Tensor("y", shape, "s8", scale, zero_point)}
    return IntegerNetwork("bent", tensors, (Prelu.with_slopes("op", "x", name, slopes),), ("x",), ("y",))


def inputs(channels: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (4, 2, 3, channels)).astype(np.int8)


@settings(deadline=None)
@given(SLOPES, ZERO_POINTS, st.integers(0, 2**32 - 1))
def test_it_is_the_formula_written_out(slopes: list[float], zero_point: int, seed: int) -> None:
    bent, x = network(np.array(slopes), zero_point), inputs(len(slopes), seed)
    found = bent.run(x)
    for place in np.ndindex(x.shape):
        v, step = int(x[place]) - zero_point, int(np.floor(slopes[place[3]] * 2**14 + 0.5))
        y = v if v >= 0 else (v * step + 2**13) // 2**14
        assert found[place] == min(max(y + zero_point, -128), 127)


@settings(deadline=None)
@given(SLOPES, ZERO_POINTS, st.integers(0, 2**32 - 1))
def test_it_is_the_nearest_integer_to_the_real_value(slopes: list[float], zero_point: int, seed: int) -> None:
    bent, x = network(np.array(slopes), zero_point), inputs(len(slopes), seed)
    v = x.astype(np.float64) - zero_point
    real = np.clip(np.where(v < 0, v * np.array(slopes), v) + zero_point, -128, 127)
    assert np.abs(bent.run(x) - real).max() <= 0.5 + 255 * 2.0**-15


def test_it_comes_back_from_a_file(tmp_path: Path) -> None:
    bent = network(np.array([-1.2, 0.0, 0.25, 1.1]), -7)
    save_network(bent, tmp_path / "n.mfn")
    again = load_network(tmp_path / "n.mfn")
    np.testing.assert_array_equal(again.run(inputs(4, 0)), bent.run(inputs(4, 0)))
    assert digest(again) == digest(bent)
    assert bent.constant_bytes == 8
    assert bent.macs == 0


@pytest.mark.parametrize("slope", [2.0, -2.001, float("nan")])
def test_slopes_out_of_range_are_refused(slope: float) -> None:
    with pytest.raises(UserError, match=r"in channel 1; keep slopes within -2\.\.2"):
        Prelu.with_slopes("op", "x", "y", np.array([0.1, slope]))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match="changes the scale"):
        network(np.ones(3), 0, scale=0.6)
    wrong = Prelu.with_slopes("op", "x", "y", np.ones(2))
    with pytest.raises(UserError, match=r"has slopes \[2\] for 3 channels"):
        IntegerNetwork("bent", network(np.ones(3), 0).tensors, (wrong,), ("x",), ("y",))
