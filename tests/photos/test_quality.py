from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn import drawn_face

from microface.photos.detect.finder import Finder
from microface.photos.face import Box, Face, as_landmarks
from microface.photos.quality import REASONS, Reason, judge


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return drawn_face()


@pytest.fixture(scope="module")
def face(photo: np.ndarray) -> Face:
    found = Finder().central(photo)
    assert found is not None
    return found


def reasons(photo: np.ndarray, *faces: Face) -> tuple[Reason, ...]:
    return judge(photo, faces)[1].reasons


def test_a_good_photo_has_nothing_against_it(photo: np.ndarray, face: Face) -> None:
    found, quality = judge(photo, (face,))
    assert found == face
    assert quality.good
    assert quality.to_json()["reasons"] == []


def test_no_face(photo: np.ndarray) -> None:
    assert judge(photo, ()) == (None, judge(photo, ())[1])
    assert reasons(photo) == ("no_face",)


def test_several_faces(photo: np.ndarray, face: Face) -> None:
    other = replace(face, box=Box(0, 0, face.box.width * 0.8, face.box.height * 0.8))
    crumb = replace(face, box=Box(0, 0, face.box.width * 0.2, face.box.height * 0.2))
    assert reasons(photo, other, face) == ("several_faces",)
    assert reasons(photo, crumb, face) == ()


def test_too_small(photo: np.ndarray, face: Face) -> None:
    small = cv2.resize(photo, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    assert "too_small" in reasons(small, face.scaled(0.3))


def test_blurred(photo: np.ndarray, face: Face) -> None:
    assert reasons(cv2.GaussianBlur(photo, (0, 0), 5), face) == ("blurred",)


def test_a_tightly_cut_photo_is_blurred_all_the_same(photo: np.ndarray, face: Face) -> None:
    tight = photo[int(face.points[0, 1]) - 18 : int(face.points[4, 1]) + 18]
    lower = replace(face, landmarks=as_landmarks(face.points - (0, int(face.points[0, 1]) - 18)))
    assert "blurred" not in reasons(tight, lower)
    assert "blurred" in reasons(cv2.GaussianBlur(tight, (0, 0), 5), lower)


def test_too_dark_and_too_bright(photo: np.ndarray, face: Face) -> None:
    assert "too_dark" in reasons((photo * 0.15).astype(np.uint8), face)
    assert "too_bright" in reasons((photo * 0.1 + 229).astype(np.uint8), face)


def test_turned(photo: np.ndarray, face: Face) -> None:
    points = face.points
    points[2, 0] += 0.45 * face.eye_distance
    assert reasons(photo, replace(face, landmarks=as_landmarks(points))) == ("turned",)
    lying = np.array([[0, -1], [1, 0]]) @ (face.points - face.points.mean(axis=0)).T
    assert "turned" in reasons(photo, replace(face, landmarks=as_landmarks(lying.T + face.points.mean(axis=0))))


def test_cut_off(photo: np.ndarray, face: Face) -> None:
    left = round(face.box.left + 0.3 * face.box.width)
    points = face.points - (left, 0)
    box = replace(face.box, left=face.box.left - left, right=face.box.right - left)
    assert "cut_off" in reasons(photo[:, left:], Face(box, as_landmarks(points), 1.0))


def test_codes_are_those_that_the_documentation_names() -> None:
    assert set(REASONS) == {
        "no_face",
        "several_faces",
        "too_small",
        "blurred",
        "too_dark",
        "too_bright",
        "turned",
        "cut_off",
    }
