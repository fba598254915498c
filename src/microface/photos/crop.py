"""Crops of faces by a `Preprocess`."""

import cv2
import numpy as np

from microface.photos.align import TEMPLATE, TEMPLATE_EYE_DISTANCE, TEMPLATE_SIZE, umeyama, warp
from microface.photos.preprocess import Preprocess

_BORDERS = {"black": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE}
BOX_WIDTH_PER_EYE_DISTANCE = 2.2
"""Median over frontal photos of the detector's box width by the distance between the eyes."""
TEACHER_VIEW = Preprocess.aligned(TEMPLATE_SIZE)
"""What a teacher of face recognition reads: 112 x 112, aligned."""


def crop(photo: np.ndarray, landmarks: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    """Return the uint8 crop [H, W, 3] of the RGB `photo` by its five `landmarks` [5, 2]."""
    matrix = umeyama(np.asarray(landmarks, np.float64), template(preprocess))
    return _tones(photo, matrix, preprocess)


def template(preprocess: Preprocess) -> np.ndarray:
    """Return the places [5, 2] of the landmarks in an aligned crop."""
    scale = preprocess.eye_distance / TEMPLATE_EYE_DISTANCE
    return (TEMPLATE - TEMPLATE_SIZE / 2) * scale + (preprocess.width / 2, preprocess.height / 2)


def _tones(photo: np.ndarray, matrix: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    return warp(photo, matrix, preprocess.width, preprocess.height, _BORDERS[preprocess.border])
