"""Crops of faces by a `Preprocess`: by landmarks, by a detector's box alone, or from the middle of a photo."""

import math

import cv2
import numpy as np

from microface.network.inputs.light import light_table
from microface.photos.align import TEMPLATE, TEMPLATE_EYE_DISTANCE, TEMPLATE_SIZE, umeyama, warp
from microface.photos.face import Box, Face
from microface.photos.preprocess import Preprocess

_BORDERS = {"black": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE}
_BOX_CENTRE, _BOX_WIDTH, _BOX_HEIGHT = (56.0, 64.1), 77.7, 104.7
"""Where MTCNN's box lies in an aligned crop of 112 x 112: medians over 500 photos."""
_CENTRAL_SHARE = 0.5
"""Height of a typical box by the shorter side of a photo, where the crop is taken from the middle."""
TEACHER_VIEW = Preprocess.aligned(TEMPLATE_SIZE)
"""What a teacher of face recognition reads: 112 x 112, aligned."""


def crop(photo: np.ndarray, landmarks: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    """Return the uint8 crop [H, W, 3] of the RGB `photo` by its five `landmarks` [5, 2], light corrected.

    Within a margin lies, to the bit, the crop by `preprocess.inner`: training sees what the chip will see.
    """
    margin = preprocess.margin or 0
    middle = preprocess.inner if margin else preprocess
    matrix = umeyama(np.asarray(landmarks, np.float64), template(middle))
    pixels = warp(photo, matrix, middle.width, middle.height, _BORDERS[preprocess.border], margin)
    if preprocess.light == "none":
        return pixels
    table = light_table(pixels[margin : margin + middle.height, margin : margin + middle.width])
    return np.asarray(table[pixels])


def crop_face(photo: np.ndarray, face: Face, preprocess: Preprocess) -> np.ndarray:
    """Return the crop of `face` as `preprocess` says: by landmarks when aligned, by the box alone when loose."""
    return crop(photo, _landmarks(face, preprocess), preprocess)


def placed(photo: np.ndarray, face: Face, preprocess: Preprocess) -> tuple[float, float]:
    """Return how many times the crop's content enlarges the photo, and its share that lies beyond the photo."""
    matrix = umeyama(_landmarks(face, preprocess), template(preprocess))
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    y, x = (np.arange(0.5, size, 8) for size in preprocess.content)
    first = np.subtract((preprocess.height, preprocess.width), preprocess.content) / 2
    grid = np.stack(np.meshgrid(x + first[1], y + first[0]), axis=-1).reshape(-1, 2) - matrix[:, 2]
    spots = grid @ np.linalg.pinv(matrix[:, :2]).T
    inside = (spots >= -0.5).all(axis=1) & (spots < np.array(photo.shape[1::-1]) - 0.5).all(axis=1)
    return round(scale, 3), round(1 - float(inside.mean()), 3)


def crop_box(photo: np.ndarray, box: Box, preprocess: Preprocess) -> np.ndarray:
    """Return the upright crop by the detector's `box` alone: all that a chip without landmarks can do."""
    return crop(photo, typical_landmarks(box), preprocess)


def crop_centre(photo: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    """Return the crop of a fixed rectangle in the middle of `photo`, for when no face is found."""
    return crop_box(photo, centre_box(photo), preprocess)


def centre_box(photo: np.ndarray) -> Box:
    """Return the fixed rectangle in the middle of `photo`, as large as the box of a typical face."""
    height, width = photo.shape[:2]
    tall = _CENTRAL_SHARE * min(height, width)
    wide = tall * _BOX_WIDTH / _BOX_HEIGHT
    return Box((width - wide) / 2, (height - tall) / 2, (width + wide) / 2, (height + tall) / 2)


def typical_landmarks(box: Box) -> np.ndarray:
    """Return where an upright average face with this `box` has its landmarks, float64 [5, 2]."""
    scale = (box.width + box.height) / (_BOX_WIDTH + _BOX_HEIGHT)
    return (TEMPLATE - _BOX_CENTRE) * scale + box.centre


def _landmarks(face: Face, preprocess: Preprocess) -> np.ndarray:
    return face.points if preprocess.geometry == "aligned" else typical_landmarks(face.box)


def template(preprocess: Preprocess) -> np.ndarray:
    """Return the places [5, 2] of the landmarks in a crop."""
    scale = preprocess.eye_distance / TEMPLATE_EYE_DISTANCE
    return (TEMPLATE - TEMPLATE_SIZE / 2) * scale + (preprocess.width / 2, preprocess.height / 2)
