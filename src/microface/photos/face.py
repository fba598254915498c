"""A face in a photo: where it is, where its landmarks are, how sure the detector is."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

LANDMARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
"""Order of the five landmarks; "left" is left in the picture."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the photo, edges at (left, top) and (right, bottom); may reach beyond the photo."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """Centre (x, y) in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def scaled(self, factor: float) -> "Box":
        """Return the box in a photo `factor` times as large."""
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)


@dataclass(frozen=True)
class Face:
    """One detected face.

    `landmarks` holds five (x, y) pairs in the order of `LANDMARKS`, in pixels of the photo, pixel centres at
    integers; `score` is the detector's last probability, 0..1.
    """

    box: Box
    landmarks: tuple[tuple[float, float], ...]
    score: float

    @property
    def points(self) -> np.ndarray:
        """The landmarks as float64 [5, 2]."""
        return np.array(self.landmarks, np.float64)

    @property
    def eye_distance(self) -> float:
        """Distance between the eyes in pixels."""
        left, right = self.points[:2]
        return float(np.hypot(*(right - left)))

    def scaled(self, factor: float) -> "Face":
        """Return the same face in a photo `factor` times as large."""
        points = (self.points + 0.5) * factor - 0.5
        return Face(self.box.scaled(factor), as_landmarks(points), self.score)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary, coordinates rounded to a hundredth of a pixel."""
        box = [round(value, 2) for value in (self.box.left, self.box.top, self.box.right, self.box.bottom)]
        points = [[round(x, 2), round(y, 2)] for x, y in self.landmarks]
        return {"box": box, "landmarks": points, "score": round(self.score, 4)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(Box(*value["box"]), as_landmarks(np.array(value["landmarks"])), value["score"])


def as_landmarks(points: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return an array [5, 2] as the landmarks of a `Face`."""
    return tuple((float(x), float(y)) for x, y in points)


def most_central(faces: tuple[Face, ...], width: int, height: int) -> Face | None:
    """Return the face whose centre is nearest to the middle of a photo `width` x `height`; None without faces."""
    middle = (width / 2, height / 2)
    return min(faces, key=lambda face: np.hypot(*np.subtract(face.box.centre, middle)), default=None)
