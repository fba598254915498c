"""Crops for evaluation: every photo gives one, also where no face is found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from microface.console import track
from microface.errors import UserError
from microface.evaluate.found import find_faces
from microface.photos.crop import crop_box, crop_centre, crop_face
from microface.photos.face import Face
from microface.photos.preprocess import Preprocess
from microface.photos.read import read_photo

CropName = Literal["aligned", "boxes", "centre"]
CROPS: tuple[CropName, ...] = get_args(CropName)


def crops_of_files(
    root: Path, files: Sequence[str], preprocess: Preprocess, how: CropName = "aligned"
) -> tuple[np.ndarray, int]:
    """Return the crops uint8 [N, H, W, 3] of `files` below `root`, and how many showed no face (centre crop used).

    `aligned` is the crop that `preprocess` describes; `boxes` uses the detector's box alone, `centre` a fixed
    rectangle: what a chip can make without landmarks, or without a detector.
    """
    if how not in CROPS:
        raise UserError(f"--crop {how}", "is unknown", f"choose {', '.join(CROPS)}")
    faces = find_faces(root, files, read_photo)
    crops = np.empty((len(files), preprocess.height, preprocess.width, 3), np.uint8)
    for place, name, face in zip(crops, track(files, "cropping"), faces, strict=True):
        place[:] = _crop(read_photo(root / name), face, preprocess, how)
    return crops, sum(face is None for face in faces)


def _crop(photo: np.ndarray, face: Face | None, preprocess: Preprocess, how: CropName) -> np.ndarray:
    if face is None or how == "centre":
        return crop_centre(photo, preprocess)
    return crop_face(photo, face, preprocess) if how == "aligned" else crop_box(photo, face.box, preprocess)
