"""Crops for evaluation: every photo gives one, also where no face is found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from microface.console import track
from microface.errors import UserError
from microface.evaluate.found import find_faces
from microface.photos.align import TEMPLATE, TEMPLATE_EYE_DISTANCE, TEMPLATE_SIZE
from microface.photos.crop import crop
from microface.photos.face import Box, Face
from microface.photos.preprocess import Preprocess
from microface.photos.read import read_photo

CropName = Literal["aligned", "boxes"]
CROPS: tuple[CropName, ...] = get_args(CropName)

_BOX_CENTRE, _BOX_WIDTH = (56.0, 65.3), 77.3
"""Where the detector's box lies in the 112 x 112 template: medians over 448 photos of celeba and utkface."""
_CENTRE_EYE_DISTANCE = 0.17
"""Eye distance of the centre crop by the photo's shorter side: that of a face in LFW's pictures."""


def crops_of_files(
    root: Path, files: Sequence[str], preprocess: Preprocess, how: CropName = "aligned"
) -> tuple[np.ndarray, int]:
    """Return the crops uint8 [N, H, W, 3] of `files` below `root`, and how many showed no face (centre crop used).

    `aligned` uses the five landmarks, `boxes` only the detector's box: upright, as a chip without landmarks can.
    """
    if how not in CROPS:
        raise UserError(f"--crop {how}", "is unknown", f"choose {' or '.join(CROPS)}")
    faces = find_faces(root, files, read_photo)
    crops = np.empty((len(files), preprocess.height, preprocess.width, 3), np.uint8)
    for place, name, face in zip(crops, track(files, "cropping"), faces, strict=True):
        photo = read_photo(root / name)
        place[:] = crop(photo, _landmarks(photo, face, how), preprocess)
    return crops, sum(face is None for face in faces)


def _landmarks(photo: np.ndarray, face: Face | None, how: CropName) -> np.ndarray:
    """Return the landmarks [5, 2] to crop by: the detector's, or those an upright face would have."""
    if face is None:
        return centre_landmarks(photo)
    return face.points if how == "aligned" else box_landmarks(face.box)


def box_landmarks(box: Box) -> np.ndarray:
    """Return where the landmarks [5, 2] of an average upright face lie whose box is `box`."""
    return (TEMPLATE - _BOX_CENTRE) * (box.width / _BOX_WIDTH) + box.centre


def centre_landmarks(photo: np.ndarray) -> np.ndarray:
    """Return where the landmarks [5, 2] of a face in the middle of `photo` would lie."""
    height, width = photo.shape[:2]
    scale = _CENTRE_EYE_DISTANCE * min(height, width) / TEMPLATE_EYE_DISTANCE
    return (TEMPLATE - TEMPLATE_SIZE / 2) * scale + ((width - 1) / 2, (height - 1) / 2)
