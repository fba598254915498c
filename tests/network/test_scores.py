"""Scores against a second writing of their definition in Python's own integers."""

from math import isqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from microface.errors import UserError
from microface.network.scores import SCORES, Score
from microface.network.scores import isqrt as array_isqrt


def reference_unit(x: list[int]) -> list[int]:
    n = isqrt(2**16 * sum(v * v for v in x))
    if n == 0:
        return [0] * len(x)
    return [min(max((2**23 * v + n) // (2 * n), -(2**14)), 2**14) for v in x]


def reference(name: str, a: list[int], b: list[int]) -> int:
    if name == "l1":
        return sum(abs(p - q) for p, q in zip(a, b, strict=True))
    if name == "l2":
        return isqrt(64 * sum((p - q) ** 2 for p, q in zip(a, b, strict=True)))
    u, v = reference_unit(a), reference_unit(b)
    if name == "l2norm":
        return isqrt(sum((p - q) ** 2 for p, q in zip(u, v, strict=True)))
    return 2**14 - ((sum(p * q for p, q in zip(u, v, strict=True)) + 2**13) >> 14)


def centred(x: np.ndarray, zero: int, times: int) -> list[int]:
    return [times * (int(v) - zero) for v in x]


dtypes = st.sampled_from([np.int8, np.int16])


@st.composite
def two_sets(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    dtype, size = draw(dtypes), draw(st.sampled_from([1, 3, 8, 64]))
    a = draw(hnp.arrays(dtype, (draw(st.integers(1, 3)), size)))
    b = draw(hnp.arrays(dtype, (draw(st.integers(1, 4)), size)))
    return a, b, draw(st.integers(-128, 127))


@pytest.mark.parametrize("name", SCORES)
@settings(deadline=None, max_examples=60)
@given(two_sets(), st.booleans())
def test_distances_equal_the_definition(name: str, sets: tuple[np.ndarray, np.ndarray, int], mirror: bool) -> None:
    a, b, zero = sets
    score = Score(name, zero)
    times = 2 if mirror else 1
    x = score.centred(a, a if mirror else None)
    y = score.centred(b, b if mirror else None)
    expected = [[reference(name, centred(p, zero, times), centred(q, zero, times)) for q in b] for p in a]
    assert score.distances(x, y).tolist() == expected
    assert score.pairs(x[:1], y[:1]).tolist() == [expected[0][0]]


@pytest.mark.parametrize("name", SCORES)
def test_extremes_of_s16_stay_exact(name: str) -> None:
    a = np.full((1, 1024), 32767, np.int16)
    b = np.full((1, 1024), -32768, np.int16)
    score = Score(name, -128)
    x, y = score.centred(a, a), score.centred(b, b)
    assert score.distances(x, y).tolist() == [[reference(name, x[0].tolist(), y[0].tolist())]]


@given(st.integers(0, 2**62 - 1), st.integers(0, 2**31 - 1), st.integers(-1, 1))
def test_isqrt_is_the_floor_of_the_root(value: int, root: int, by: int) -> None:
    near = max(0, min(root * root + by, 2**62 - 1))
    assert array_isqrt(np.array([value, near])).tolist() == [isqrt(value), isqrt(near)]


def test_a_vector_of_zeros_has_no_direction() -> None:
    score = Score("cosine")
    zeros, ones = np.zeros((1, 4), np.int64), np.ones((1, 4), np.int64)
    assert score.distances(zeros, ones).tolist() == [[2**14]]
    assert Score("l2norm").distances(zeros, ones).tolist() == [[2**14]]


def test_a_persons_distance_is_the_floored_mean_of_the_photos() -> None:
    score = Score("l1")
    visits, templates = np.array([[0], [10]]), np.array([[1], [2], [4], [-5]])
    assert score.to_people(visits, templates, np.array([3, 1])).tolist() == [[7 // 3, 5], [(9 + 8 + 6) // 3, 15]]
    floats = score.to_people(visits.astype(np.float64), templates.astype(np.float64), np.array([3, 1]))
    assert floats[0].tolist() == pytest.approx([7 / 3, 5.0])


@pytest.mark.parametrize("name", SCORES)
def test_float_scores_are_the_same_formulas_without_floors(name: str) -> None:
    generator = np.random.default_rng(1)
    a, b = generator.integers(-127, 128, (6, 128)), generator.integers(-127, 128, (5, 128))
    score = Score(name)
    exact, floating = score.distances(a, b), score.distances(a.astype(np.float64), b.astype(np.float64))
    assert floating.dtype == np.float64
    assert np.abs(floating - exact).max() <= (4.0 if score.normalised else 1.0)  # 128 rounded coordinates
    assert score.pairs(a[:5].astype(np.float64), b.astype(np.float64)) == pytest.approx(np.diag(floating[:5]))


def test_an_unknown_score_is_named() -> None:
    with pytest.raises(UserError, match="is not a score"):
        Score("euclid")
