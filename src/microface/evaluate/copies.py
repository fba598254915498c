"""Copies of photos as cameras and visitors make them: small, dark, blurred, grey, covered, turned, compressed.

Sizes are told by the distance between the eyes, so that they mean the same in every photo.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from microface.photos.align import TEMPLATE, TEMPLATE_EYE_DISTANCE, TEMPLATE_SIZE, umeyama

Change = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]
"""(photo uint8 RGB [H, W, 3], landmarks [5, 2], noise) -> the copy, and where its landmarks are believed to be."""

_EYES_APART = 10.0
_LIGHT, _NOISE = 0.125, 3.0
_BLUR = 0.1
_QUALITY = 10
_DEGREES = 15.0


@dataclass(frozen=True)
class Copy:
    """One kind of copy: its name, what it shows in words, and how it is made."""

    name: str
    title: str
    change: Change

    def make(self, photo: np.ndarray, points: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the copy of `photo` and its believed landmarks; noise is drawn by the photo's `name`."""
        generator = np.random.default_rng(zlib.crc32(f"{self.name} {name}".encode()))
        changed, believed = self.change(photo, points, generator)
        return np.ascontiguousarray(changed), believed


def _eyes(points: np.ndarray) -> float:
    return max(1.0, float(np.hypot(*(points[1] - points[0]))))


def _small(photo: np.ndarray, points: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    height, width = photo.shape[:2]
    factor = min(1.0, _EYES_APART / _eyes(points))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    little = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(little, (width, height), interpolation=cv2.INTER_LINEAR)), points


def _dark(photo: np.ndarray, points: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    noisy = photo * _LIGHT + generator.normal(0, _NOISE, photo.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8), points


def _blurred(photo: np.ndarray, points: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), _BLUR * _eyes(points))), points


def _grey(photo: np.ndarray, points: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY))[..., None], 3, axis=2), points


def _compressed(photo: np.ndarray, points: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1], points


def _turned(photo: np.ndarray, points: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Leave the photo and turn the believed landmarks about their middle: the crop shows the face turned."""
    sine, cosine = np.sin(np.deg2rad(_DEGREES)), np.cos(np.deg2rad(_DEGREES))
    middle = points.mean(axis=0)
    return photo, (points - middle) @ np.array([[cosine, sine], [-sine, cosine]]) + middle


def _covered(top: float, bottom: float) -> Change:
    """Return the change that covers a band of the face, rows `top` to `bottom` of an aligned crop of 112 x 112."""

    def change(photo: np.ndarray, points: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        corners = np.array([[14.0, top], [TEMPLATE_SIZE - 14.0, top], [TEMPLATE_SIZE - 14.0, bottom], [14.0, bottom]])
        matrix = umeyama(TEMPLATE, points)
        placed = corners @ matrix[:, :2].T + matrix[:, 2]
        covered = photo.copy()
        cv2.fillConvexPoly(covered, np.rint(placed).astype(np.int32), (60, 60, 60))
        return covered, points

    return change


COPIES: tuple[Copy, ...] = (
    Copy("small", f"eyes {_EYES_APART:g} pixels apart (the template has {TEMPLATE_EYE_DISTANCE:.0f})", _small),
    Copy("dark", f"an eighth of the light, noise of {_NOISE:g} levels", _dark),
    Copy("blurred", "Gaussian of a tenth of the distance between the eyes", _blurred),
    Copy("grey", "no colour", _grey),
    Copy("compressed", f"JPEG of quality {_QUALITY}", _compressed),
    Copy("turned", f"the face rolled by {_DEGREES:g} degrees and not turned back", _turned),
    Copy("mouth covered", "a grey band from the nose down", _covered(74.0, 114.0)),
    Copy("eyes covered", "a grey band over the eyes", _covered(42.0, 62.0)),
)
