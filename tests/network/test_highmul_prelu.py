"""A PReLU in the requantisation: the formula written out, one rounding of the real value, files, refusals."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bent_networks import with_prelus
from microface.errors import UserError
from microface.network import digest, load_network, save_network
from microface.network.anchor import RandomBuilder
from microface.network.requantise import HighMul, HighMulPrelu

SCALES = st.lists(st.tuples(st.floats(-14, 2), st.floats(-3, 3)), min_size=1, max_size=8)


def drawn(pairs: list[tuple[float, float]], zero_point: int) -> tuple[HighMulPrelu, np.ndarray, np.ndarray]:
    """Return the rule, its scales and its slopes for pairs of log2(scale) and slope."""
    scales, slopes = np.exp2(np.array([first for first, _ in pairs])), np.array([slope for _, slope in pairs])
    return HighMulPrelu.from_scales(scales, slopes, zero_point), scales, slopes


@settings(deadline=None)
@given(SCALES, st.integers(-128, 127), st.integers(0, 2**32 - 1))
def test_it_is_the_formula_written_out(pairs: list[tuple[float, float]], zero_point: int, seed: int) -> None:
    rule, scales, slopes = drawn(pairs, zero_point)
    sums = np.random.default_rng(seed).integers(-(2**18), 2**18, (20, len(pairs)))
    for place in np.ndindex(sums.shape):
        acc, scale, slope = int(sums[place]), float(scales[place[1]]), float(slopes[place[1]])
        left = next(n for n in range(31) if max(scale, abs(scale * slope)) * 2.0 ** (32 - n) + 0.5 < 2**31)
        m = int(np.floor((scale if acc >= 0 else scale * slope) * 2.0 ** (32 - left) + 0.5))
        y = ((acc << left) * m + 2**31 >> 32) + zero_point
        assert rule.apply(sums[place[0]])[place[1]] == min(max(y, -128), 127)


@settings(deadline=None)
@given(SCALES, st.integers(-128, 127), st.integers(0, 2**32 - 1))
def test_it_rounds_the_real_value_once(pairs: list[tuple[float, float]], zero_point: int, seed: int) -> None:
    rule, scales, slopes = drawn(pairs, zero_point)
    sums = np.random.default_rng(seed).integers(-(2**12), 2**12, (50, len(pairs)))
    real = sums * scales * np.where(sums < 0, slopes, 1.0) + zero_point
    assert np.abs(rule.apply(sums) - np.clip(real, -128, 127)).max() <= 0.5 + 2.0**-12


def test_slopes_of_one_are_none() -> None:
    scales, sums = np.array([0.003, 0.9, 1.7]), np.random.default_rng(1).integers(-300, 300, (400, 3))
    bent = HighMulPrelu.from_scales(scales, np.ones(3), 5)
    np.testing.assert_array_equal(bent.apply(sums), HighMul.from_scales(scales, 5).apply(sums))
    np.testing.assert_array_equal(bent.slopes, np.ones(3))


def test_a_network_with_it_comes_back_from_a_file(tmp_path: Path) -> None:
    builder = RandomBuilder((6, 6, 3), 1)
    builder.dense("embedding", builder.depthwise("middle", builder.conv("stem", "input", 4, 3)), 5)
    straight = builder.build("bent")
    network = with_prelus(straight, without=("embedding",))
    save_network(network, tmp_path / "bent.mfn")
    again, x = load_network(tmp_path / "bent.mfn"), builder.values["input"]
    np.testing.assert_array_equal(again.run(x), network.run(x))
    assert digest(again) == digest(network) != digest(straight)
    assert network.constant_bytes == straight.constant_bytes + 4 * (4 + 4)


@pytest.mark.parametrize(("scale", "slope"), [(0.0, 0.5), (2.0**30, 0.5), (0.5, 2.0**31), (0.5, float("nan"))])
def test_what_no_factor_holds_is_refused(scale: float, slope: float) -> None:
    with pytest.raises(UserError, match="has a scale or slope out of range"):
        HighMulPrelu.from_scales(np.array([scale]), np.array([slope]), 0)


def test_sums_that_the_steeper_side_would_overflow_are_refused() -> None:
    rule = HighMulPrelu.from_scales(np.array([0.25]), np.array([8.0]), 0)
    rule.check("a", np.array([2**27]))
    with pytest.raises(UserError, match="operator a: may overflow"):
        rule.check("a", np.array([2**28]))
