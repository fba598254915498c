"""Crops of frames: the C gives the bytes of the numpy definition, and the definition is a fair picture."""

import cv2
import numpy as np
import pytest
from application_in_c import FORMATS, ApplicationInC, Machine
from hypothesis import given, settings
from hypothesis import strategies as st

from microface.errors import UserError
from microface.network.inputs.contrast import contrast
from microface.network.inputs.pixels import from_rgb565, to_rgb565
from microface.network.inputs.resize import Rectangle, crop_resized
from microface.photos.crop import crop_centre
from microface.photos.preprocess import Preprocess
from microface.photos.rectangle import face_rectangle

SIDE = 30


def picture_of(seed: int, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def as_seen(picture: np.ndarray, form: str) -> np.ndarray:
    return picture if form == "rgb888" else from_rgb565(to_rgb565(picture))


sides = st.integers(1, SIDE)


@settings(max_examples=60)
@given(st.integers(0, 9), sides, sides, st.tuples(sides, sides), st.data())
def test_crops_of_c_and_numpy_have_the_same_bytes(
    machine: Machine, seed: int, width: int, height: int, size: tuple[int, int], data: st.DataObject
) -> None:
    left, top = data.draw(st.integers(0, SIDE - width)), data.draw(st.integers(0, SIDE - height))
    form = data.draw(st.sampled_from(FORMATS))
    picture, rectangle = picture_of(seed), Rectangle(left, top, width, height)
    expected = crop_resized(as_seen(picture, form), rectangle, size)
    found = ApplicationInC(machine, form).crop(picture, rectangle, size)
    assert found is not None and np.array_equal(found, expected)
    assert ApplicationInC(machine).contrast(expected) == contrast(expected)


@pytest.mark.parametrize("outside", [(-1, 0, 5, 5), (0, -1, 5, 5), (26, 0, 5, 5), (0, 26, 5, 5), (0, 0, 0, 5)], ids=str)
def test_what_is_not_in_the_frame_is_refused(machine: Machine, outside: tuple[int, int, int, int]) -> None:
    assert ApplicationInC(machine).crop(picture_of(0), Rectangle(*outside), (5, 5)) is None
    with pytest.raises(UserError):
        crop_resized(picture_of(0), Rectangle(*outside), (5, 5))


def test_the_same_size_is_a_copy() -> None:
    picture = picture_of(1)
    assert np.array_equal(crop_resized(picture, Rectangle(3, 5, 20, 10), (10, 20)), picture[5:15, 3:23])


def test_sizes_agree_with_opencv_to_one_step() -> None:
    picture = cv2.GaussianBlur(picture_of(2, 128, 128), (0, 0), 2)
    ours = crop_resized(picture, Rectangle(0, 0, 128, 128), (96, 96))
    theirs = cv2.resize(picture, (96, 96), interpolation=cv2.INTER_LINEAR)
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_rgb565_keeps_black_and_white_and_the_highest_bits() -> None:
    ends = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
    assert np.array_equal(from_rgb565(to_rgb565(ends)), ends)
    picture = picture_of(3)
    assert np.abs(from_rgb565(to_rgb565(picture)).astype(int) - picture).max() <= 7


def test_an_even_wall_of_any_colour_has_no_contrast() -> None:
    assert contrast(np.full((8, 8, 3), (200, 20, 90), np.uint8)) == 0
    assert contrast(picture_of(4)) > 16 * 60


@pytest.mark.parametrize("size", [96, 112])
def test_the_rectangle_is_the_crop_centre_of_evaluation(size: int) -> None:
    preprocess = Preprocess.aligned(size)
    photo = cv2.GaussianBlur(picture_of(5, 240, 320), (0, 0), 6)
    photo = cv2.normalize(photo, None, 0, 255, cv2.NORM_MINMAX)
    by_chip = crop_resized(photo, face_rectangle(preprocess, (240, 320)), preprocess.size)
    difference = by_chip.astype(int) - crop_centre(photo, preprocess)
    assert np.abs(difference).mean() < 4  # at most half a pixel apart
    moved = crop_resized(photo, face_rectangle(preprocess, (240, 320)).moved(4, 4), preprocess.size)
    assert np.abs(moved.astype(int) - crop_centre(photo, preprocess)).mean() > np.abs(difference).mean() * 2


def test_a_loose_crop_is_copied_and_pictures_that_do_not_hold_a_crop_are_refused() -> None:
    assert face_rectangle(Preprocess.loose(), (240, 320)) == Rectangle(100, 31, 120, 160)
    with pytest.raises(UserError, match="does not hold"):
        face_rectangle(Preprocess.loose(), (120, 160))
    with pytest.raises(UserError, match="shrink"):
        face_rectangle(Preprocess.aligned(96), (480, 640))
