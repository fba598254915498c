"""What is to be seen in one photo: its face, the crop to store, the teacher's view, and what is known of them."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from microface.errors import UserError
from microface.photos.crop import TEACHER_VIEW, crop, crop_face, placed
from microface.photos.detect.finder import LOOSE_CROPS, Finder
from microface.photos.face import Box, Face, as_landmarks
from microface.photos.layouts import PhotoEntry, read_entry
from microface.photos.prepare.recipe import Recipe
from microface.photos.quality import judge
from microface.photos.read import decode_photo

_AROUND = 0.6
"""What is searched around a face whose box is given, by the box's longer side, on each side."""


@dataclass(frozen=True)
class Seen:
    """One photo with a face: the crop to store, the teacher's view of it, and its row."""

    crop: np.ndarray
    view: np.ndarray
    row: dict[str, Any]


class Looker:
    """Looks at photos by `recipe`; `seconds` says how much of the processor's time each stage took so far."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe, self._finder, self._near = recipe, Finder(recipe.search), Finder(LOOSE_CROPS)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the processor's time for the block to `stage`: what other programs take does not count."""
        start = time.thread_time()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.thread_time() - start

    def look(self, entry: PhotoEntry, split: str) -> Seen | str:
        """Return what is to be seen in a photo, or the reason why it is left out."""
        try:
            with self.timed("reading"):
                data = read_entry(entry)
                photo = decode_photo(data, entry.key)
        except UserError:
            return "unreadable"
        with self.timed("detection"):
            faces = self._finder.find(photo) if entry.box is None else self._around(photo, entry.box)
        with self.timed("cropping"):
            return self._seen(entry, split, photo, faces, _fingerprint(data, entry))

    def _around(self, photo: np.ndarray, box: tuple[float, float, float, float]) -> tuple[Face, ...]:
        """Return the face of `photo` that lies in `box` (left, top, width, height), found close around it."""
        left, top, right, bottom = _searched(box, photo.shape)
        if min(right - left, bottom - top) < 1:
            return ()
        found = self._near.find(np.ascontiguousarray(photo[top:bottom, left:right]))
        middle = box[0] + box[2] / 2, box[1] + box[3] / 2
        inside = [(_distance(face, middle), face) for face in (_moved(face, left, top) for face in found)]
        nearest = min(inside, key=lambda each: each[0], default=None)
        return (nearest[1],) if nearest and nearest[0] < max(box[2:]) / 2 else ()

    def _seen(
        self, entry: PhotoEntry, split: str, photo: np.ndarray, faces: tuple[Face, ...], fingerprint: str
    ) -> Seen | str:
        face, quality = judge(photo, faces)
        if face is None:
            return "no_face"
        preprocess = self._recipe.preprocess
        enlarged, outside = placed(photo, face, preprocess)
        if enlarged > self._recipe.enlarge:
            return "too_small"
        if outside > self._recipe.outside:
            return "cut_off"
        row = _row(entry, split, photo, face) | {"photo": fingerprint, "enlarged": enlarged, "outside": outside}
        row["reasons"] = list(quality.reasons)
        return Seen(crop_face(photo, face, preprocess), crop(photo, face.points, TEACHER_VIEW), row)


def _row(entry: PhotoEntry, split: str, photo: np.ndarray, face: Face) -> dict[str, Any]:
    """Return the row of a crop; `native` is the distance between the eyes in the photo's own pixels."""
    about = {"key": entry.key, "source": entry.source, "identity": entry.identity, "split": split}
    size = {"width": photo.shape[1], "height": photo.shape[0], "native": round(face.eye_distance, 2)}
    return about | size | face.to_json()


def _fingerprint(data: bytes, entry: PhotoEntry) -> str:
    """Return 16 digits that are equal for equal bytes of a photo and, where one is given, equal box of the face."""
    return hashlib.sha256(data + repr(entry.box).encode()).hexdigest()[:16]


def _searched(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    left, top, width, height = box
    more = _AROUND * max(width, height)
    low = max(0, round(left - more)), max(0, round(top - more))
    return *low, min(shape[1], round(left + width + more)), min(shape[0], round(top + height + more))


def _moved(face: Face, x: int, y: int) -> Face:
    box = Box(face.box.left + x, face.box.top + y, face.box.right + x, face.box.bottom + y)
    return replace(face, box=box, landmarks=as_landmarks(face.points + np.array([x, y])))


def _distance(face: Face, middle: tuple[float, float]) -> float:
    return float(np.hypot(*np.subtract(face.box.centre, middle)))
