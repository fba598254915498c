import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.photos.align import TEMPLATE, umeyama, warp
from microface.photos.crop import crop, template, typical_landmarks
from microface.photos.face import Box
from microface.photos.preprocess import Light, Preprocess


def similarity(angle: float, scale: float, x: float, y: float) -> np.ndarray:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn, [x, y]])


def moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


known = st.builds(similarity, st.floats(-3.1, 3.1), st.floats(0.05, 20), st.floats(-500, 500), st.floats(-500, 500))


@given(known)
def test_a_known_similarity_is_found(matrix: np.ndarray) -> None:
    assert np.allclose(umeyama(TEMPLATE, moved(TEMPLATE, matrix)), matrix, atol=1e-6 * np.abs(matrix).max())


@given(known, st.integers(0, 2**32 - 1))
def test_no_small_change_lowers_the_squared_error(matrix: np.ndarray, seed: int) -> None:
    random = np.random.default_rng(seed)
    source = TEMPLATE + random.normal(0, 4, TEMPLATE.shape)
    target = moved(TEMPLATE, matrix)
    best = umeyama(source, target)
    scale = float(np.hypot(*best[:, 0]))
    error = float(((moved(source, best) - target) ** 2).sum())
    for _ in range(8):
        step = similarity(random.normal(0, 0.01), 1 + random.normal(0, 0.01), *(random.normal(0, 0.1, 2) * scale))
        changed = moved(moved(source, best), step)
        assert ((changed - target) ** 2).sum() >= error * (1 - 1e-9)


def test_a_mirrored_face_is_rotated_never_reflected() -> None:
    matrix = umeyama(TEMPLATE * (-1, 1), TEMPLATE)
    assert np.linalg.det(matrix[:, :2]) > 0


def test_coinciding_points_give_scale_zero() -> None:
    matrix = umeyama(np.zeros((5, 2)), TEMPLATE)
    assert np.isfinite(matrix).all()
    assert np.allclose(matrix[:, :2], 0)


def marked(size: int) -> np.ndarray:
    """A smooth picture with a bright spot at each landmark of the template, `size` / 112 times as large."""
    scale, picture = size / 112, np.zeros((size, size), np.float32)
    rows, columns = np.mgrid[:size, :size]
    for x, y in (TEMPLATE + 0.5) * scale - 0.5:
        picture += np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (3 * scale) ** 2))
    return np.repeat((np.clip(picture, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def test_a_large_photo_is_shrunk_by_areas_to_the_same_places() -> None:
    crops = [crop(marked(size), (TEMPLATE + 0.5) * size / 112 - 0.5, Preprocess.aligned(112)) for size in (112, 560)]
    assert np.abs(crops[0].astype(int) - crops[1]).max() <= 12


def test_shrinking_averages_where_bilinear_sampling_skips() -> None:
    stripes = np.zeros((800, 800, 3), np.uint8)
    stripes[:, ::2] = 200
    small = warp(stripes, similarity(0, 0.1, 0, 0), 80, 80, cv2.BORDER_CONSTANT)
    assert np.abs(small[4:-4, 4:-4].astype(int) - 100).max() <= 3


@pytest.mark.parametrize("zoom", [0.9, 4.0])
@pytest.mark.parametrize("light", ["none", "spread"])
def test_the_middle_of_a_crop_with_margin_is_the_crop_without(zoom: float, light: Light) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (int(180 * zoom), 500, 3), np.uint8)
    points = TEMPLATE * zoom + (20, 14)
    inner, whole = (crop(picture, points, Preprocess.aligned(96, margin, light)) for margin in (0, 4))
    assert whole.shape == (104, 104, 3) and np.array_equal(whole[4:-4, 4:-4], inner)
    assert whole[:4].std() > 10 and whole[:, -4:].std() > 10  # real pixels around


def test_landmarks_land_on_the_template() -> None:
    places = template(Preprocess.aligned(96, 4))
    assert np.allclose(places, TEMPLATE * 96 / 112 + 4)
    face = crop(marked(224), (TEMPLATE + 0.5) * 2 - 0.5, Preprocess.aligned(96, 4))
    for x, y in np.rint(places).astype(int):
        assert face[y, x].min() > 220


def test_typical_landmarks_are_upright_and_follow_the_box() -> None:
    points = typical_landmarks(Box(10, 20, 88, 125))
    larger = typical_landmarks(Box(20, 40, 176, 250))
    assert np.allclose(larger, points * 2)
    assert 33 < points[1, 0] - points[0, 0] < 38
