import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from microface.network.inputs.light import correct_light, light_table

crops = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)))


@given(crops)
def test_the_table_rises_and_is_the_formula(crop: np.ndarray) -> None:
    table = light_table(crop).astype(int)
    assert (np.diff(table) >= 0).all()
    mean = int(np.floor(crop.astype(float).mean() + 0.5))
    gain = min(max(56 / crop.std(), 0.5), 4) if crop.std() > 0 else 4
    right = np.clip(128 + (np.arange(256) - mean) * gain, 0, 255)
    slack = 1 + 256 * gain / max(16 * float(crop.std()), 16)
    assert np.abs(table - right).max() <= slack


@given(crops, st.integers(0, 40))
def test_a_brighter_picture_gives_the_same_crop(crop: np.ndarray, by: int) -> None:
    dim = crop // 2 + 10
    assert np.array_equal(correct_light(dim), correct_light(dim + np.uint8(by)))


def test_a_plain_crop_becomes_mid_grey() -> None:
    assert (correct_light(np.full((9, 9, 3), 7, np.uint8)) == 128).all()


@pytest.mark.parametrize(("mean", "sigma"), [(60, 14), (128, 56), (190, 20), (100, 70)])
def test_mean_and_deviation_are_reached(mean: int, sigma: int) -> None:
    noise = np.random.default_rng(4).normal(mean, sigma, (96, 96, 3))
    result = correct_light(np.clip(noise, 0, 255).astype(np.uint8)).astype(float)
    assert abs(result.mean() - 128) < 3
    assert abs(result.std() - 56) < 4


def test_two_divisions_in_64_bits_give_the_same_deviation_for_the_largest_crop() -> None:
    n = 1024 * 1024 * 3
    total, squares = n // 2 * 255, n // 2 * 255**2  # half black, half white: the largest deviation there is
    d = n * squares - total * total
    assert n * n * 255**2 < 2**63
    assert 256 * (d // n**2) < 2**63 and 256 * (d % n**2) < 2**63
    assert 256 * (d // n**2) + 256 * (d % n**2) // n**2 == 256 * d // n**2
