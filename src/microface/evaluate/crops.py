"""Crops for evaluation: every photo gives one, also where no face is found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from microface.console import track
from microface.errors import UserError
from microface.evaluate.copies import Copy
from microface.evaluate.found import find_faces
from microface.photos.crop import centre_box, crop, typical_landmarks
from microface.photos.face import Face
from microface.photos.preprocess import Preprocess
from microface.photos.read import read_photo

CropName = Literal["aligned", "boxes", "centre"]
CROPS: tuple[CropName, ...] = get_args(CropName)


def crops_of_files(
    root: Path,
    files: Sequence[str],
    preprocess: Preprocess,
    how: CropName = "aligned",
    copy: Copy | None = None,
    rows: Sequence[int] | None = None,
) -> tuple[np.ndarray, int]:
    """Return the crops uint8 [N, H, W, 3] of `files` below `root`, and how many showed no face (centre crop used).

    `aligned` is the crop that `preprocess` describes; `boxes` uses the detector's box alone, `centre` a fixed
    rectangle: what a chip can make without landmarks, or without a detector. With `copy` each photo is changed after
    its face was found, so that recognition alone is measured. With `rows` only those of `files` are cropped.
    """
    if how not in CROPS:
        raise UserError(f"--crop {how}", "is unknown", f"choose {', '.join(CROPS)}")
    faces = find_faces(root, files, read_photo)
    if rows is not None:
        files, faces = [files[i] for i in rows], [faces[i] for i in rows]
    crops = np.empty((len(files), preprocess.height, preprocess.width, 3), np.uint8)
    what = f"cropping, {copy.name}" if copy is not None else "cropping"
    for place, name, face in zip(crops, track(files, what), faces, strict=True):
        photo, points = read_photo(root / name), None
        if copy is not None:
            photo, points = copy.make(photo, landmarks(photo, face, preprocess, how), name)
        place[:] = crop(photo, landmarks(photo, face, preprocess, how) if points is None else points, preprocess)
    return crops, sum(face is None for face in faces)


def landmarks(photo: np.ndarray, face: Face | None, preprocess: Preprocess, how: CropName) -> np.ndarray:
    """Return the five landmarks [5, 2] that the crop goes by: found ones, or typical ones of a rectangle."""
    if face is None or how == "centre":
        return typical_landmarks(centre_box(photo))
    aligned = how == "aligned" and preprocess.geometry == "aligned"
    return face.points if aligned else typical_landmarks(face.box)


def reported_crops(preprocess: Preprocess) -> tuple[CropName, ...]:
    """Return the crops that figures are told for: the package's own first, then those of the chip itself."""
    return ("aligned", *shipped_crops(preprocess))


def shown_crop(how: str, preprocess: Preprocess) -> str:
    """Return what the crop `how` is called to people: a package's own one is not aligned where it is a loose one."""
    return "loose, by the box alone" if how == "aligned" and preprocess.geometry == "loose" else how


def shipped_crops(preprocess: Preprocess) -> tuple[CropName, ...]:
    """Return the crops that a chip can make by itself and that differ from the package's own."""
    return ("boxes", "centre") if preprocess.geometry == "aligned" else ("centre",)
