"""Is a photo good enough to recognise somebody by, and if not, why: reasons as codes."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import cv2
import numpy as np

from microface.photos.crop import TEACHER_VIEW, crop
from microface.photos.face import Face, most_central

Reason = Literal["no_face", "several_faces", "too_small", "blurred", "too_dark", "too_bright", "turned", "cut_off"]
REASONS: tuple[Reason, ...] = get_args(Reason)
_VIEW = replace(TEACHER_VIEW, border="replicate")
"""A black border would be the sharpest edge of a tightly cut photo."""
_INNER = slice(24, 88), slice(24, 88)
"""The part of an aligned 112 x 112 crop that is face whatever the hair."""
_ROUNDING = 20 / 12
"""Variance that rounding to bytes alone gives a Laplacian: 1/12 per pixel, times the squares of its weights."""


@dataclass(frozen=True)
class Limits:
    """What still counts as good; each is compared with the measure of the same name in `Quality`.

    Chosen on 900 photos as they come (300 of LFW, 600 of CelebA and UTKFace), which should mostly pass:
    `eye_distance` at 60 % of the 30 pixels that a 96 x 96 network reads (smallest in LFW 28); `sharpness` below all
    of them; half or more fall below it once blurred by a Gaussian of sigma 2 at 35 pixels between the eyes, nine in
    ten at sigma 3 to 4; `darkest` and `brightest` beyond all but 2; `turn` near the 95th percentile (0.29 in LFW,
    0.34 in CelebA), `tilt` and `outside` near the 99th and 95th of the source that has most of it. `rival`: another
    face of at least half the height, which may be the person meant.
    """

    eye_distance: float = 18.0
    sharpness: float = 0.12
    darkest: float = 40.0
    brightest: float = 220.0
    turn: float = 0.32
    tilt: float = 40.0
    outside: float = 0.15
    rival: float = 0.5


@dataclass(frozen=True)
class Quality:
    """Measures of one face and the reasons against it.

    `eye_distance` in pixels; `sharpness` = deviation of the Laplacian over deviation of grey in the aligned crop;
    `brightness` = mean grey, 0..255; `turn` = how far the nose lies beside the middle of eyes and mouth, in eye
    distances (0 when frontal); `tilt` in degrees; `outside` = share of the box beyond the photo.
    """

    reasons: tuple[Reason, ...]
    eye_distance: float = 0.0
    sharpness: float = 0.0
    brightness: float = 0.0
    turn: float = 0.0
    tilt: float = 0.0
    outside: float = 0.0

    @property
    def good(self) -> bool:
        """True without any reason against it."""
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        names = ("eye_distance", "sharpness", "brightness", "turn", "tilt", "outside")
        return {"reasons": list(self.reasons), **{name: round(getattr(self, name), 3) for name in names}}


def judge(photo: np.ndarray, faces: tuple[Face, ...], limits: Limits | None = None) -> tuple[Face | None, Quality]:
    """Return the most central of `faces` in the RGB `photo` and its quality; without a face None and `no_face`."""
    face = most_central(faces, photo.shape[1], photo.shape[0])
    if face is None:
        return None, Quality(("no_face",))
    limits = limits or Limits()
    sharpness, brightness = _tones(photo, face)
    turn, tilt = _pose(face.points)
    measured = Quality((), face.eye_distance, sharpness, brightness, turn, tilt, _outside(photo, face))
    reasons = _reasons(measured, limits, _has_rival(face, faces, limits.rival))
    return face, Quality(reasons, face.eye_distance, sharpness, brightness, turn, tilt, measured.outside)


def _reasons(measured: Quality, limits: Limits, rival: bool) -> tuple[Reason, ...]:
    against: dict[Reason, bool] = {
        "several_faces": rival,
        "too_small": measured.eye_distance < limits.eye_distance,
        "blurred": measured.sharpness < limits.sharpness,
        "too_dark": measured.brightness < limits.darkest,
        "too_bright": measured.brightness > limits.brightest,
        "turned": abs(measured.turn) > limits.turn or abs(measured.tilt) > limits.tilt,
        "cut_off": measured.outside > limits.outside,
    }
    return tuple(reason for reason, holds in against.items() if holds)


def _tones(photo: np.ndarray, face: Face) -> tuple[float, float]:
    grey = cv2.cvtColor(crop(photo, face.points, _VIEW), cv2.COLOR_RGB2GRAY)[_INNER]
    edges = max(float(cv2.Laplacian(grey, cv2.CV_32F).var()) - _ROUNDING, 0.0)
    return edges**0.5 / max(float(grey.std()), 1.0), float(grey.mean())


def _pose(points: np.ndarray) -> tuple[float, float]:
    """Return how far the nose lies beside the middle of eyes and mouth, in eye distances, and the tilt in degrees."""
    left, right, nose = points[:3]
    axis = right - left
    length = max(float(np.hypot(*axis)), 1e-6)
    middle = (points[:2].mean(axis=0) + points[3:].mean(axis=0)) / 2
    return float((nose - middle) @ axis) / length**2, float(np.degrees(np.arctan2(axis[1], axis[0])))


def _outside(photo: np.ndarray, face: Face) -> float:
    box, (height, width) = face.box, photo.shape[:2]
    shown = max(min(box.right, width) - max(box.left, 0), 0) * max(min(box.bottom, height) - max(box.top, 0), 0)
    return 1 - shown / max(box.width * box.height, 1e-6)


def _has_rival(face: Face, faces: tuple[Face, ...], share: float) -> bool:
    return any(other is not face and other.box.height >= share * face.box.height for other in faces)
