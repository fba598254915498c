"""A person who does not exist: a face drawn from the model, hair and outline averaged from many donors."""

from dataclasses import dataclass

import cv2
import numpy as np

from microface.demo.maker.canvas import FACE, HEIGHT, WIDTH, blur, resized, warp
from microface.demo.maker.densely import full, solver
from microface.demo.maker.model import FaceModel

DONORS = 12
"""People whose hair is averaged for one person; never one photo alone."""
_ALIKE = 30
"""Donors with the most similar faces, of whom one is drawn; the others are those with the most similar hair."""
_FACE_DIMENSIONS, _FACE_SHARE = 25, 1.0
_GRID = WIDTH // 8, HEIGHT // 8
_ROUNDS, _OUTLINE_BLUR = 2, 2.0
"""Rounds in which donors' outlines are moved to their mean, and the blur of that flow in half pixels."""
_FRINGE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
"""At the edge of a head some background shines through; so much of it lends no colour."""

Part = tuple[np.ndarray, np.ndarray]
"""A donor's head uint8 [H, W, 3] and opacity uint8 [H, W]."""


@dataclass(frozen=True)
class Person:
    """Where the person lies in the joint space of the model, the head to which the face is added, its opacity.

    `head` float32 [H, W, 3] has the face of the point `head_point`; `opacity` float32 [H, W] 0..1; `grain` seeds
    what is fine in the skin.
    """

    point: np.ndarray
    head: np.ndarray
    head_point: np.ndarray
    opacity: np.ndarray
    grain: int


class Casting:
    """Draws people of a `FaceModel`, spread `distinct` times as far from the mean person as real people are."""

    def __init__(self, model: FaceModel, distinct: float) -> None:
        self.model, self.distinct = model, distinct
        count = len(model.donors)
        self._hair = _unit(np.stack([self._hair_of(index) for index in range(2 * count)]))
        faces = model.donor_points[:, :_FACE_DIMENSIONS]
        self._face_scale = np.sqrt(faces.var(axis=0).sum())
        self._faces = np.vstack([faces, faces]) / self._face_scale

    def draw(self, generator: np.random.Generator) -> Person:
        """Return the next person."""
        between = self.model.between
        point = self.model.mean + self.distinct * (between @ generator.standard_normal(between.shape[1]))
        donors = self._donors(point, generator)
        head, opacity = self._average(donors)
        places = np.array(donors) % len(self.model.donors)
        return Person(
            point, head, self.model.donor_points[places].mean(axis=0), opacity, int(generator.integers(2**31))
        )

    def _donors(self, point: np.ndarray, generator: np.random.Generator) -> list[int]:
        """Return donors of `DONORS` people; those past the count of photos are mirrored."""
        faces = ((self._faces - point[:_FACE_DIMENSIONS] / self._face_scale) ** 2).sum(axis=1)
        first = generator.choice(np.argsort(faces, kind="stable")[:_ALIKE])
        distance = ((self._hair - self._hair[first]) ** 2).sum(axis=1) + _FACE_SHARE * faces
        people: dict[str, int] = {}
        for index in np.argsort(distance, kind="stable"):
            people.setdefault(self.model.donor_people[index % len(self.model.donors)], int(index))
        return list(people.values())[:DONORS]

    def _donor(self, index: int) -> Part:
        count = len(self.model.donors)
        head, opacity = self.model.donors[index % count], self.model.opacity[index % count]
        return (head, opacity) if index < count else (head[:, ::-1], opacity[:, ::-1])

    def _average(self, donors: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean head of `donors`, background left out, and the mean opacity, outlines brought together."""
        parts = [self._donor(index) for index in donors]
        for _ in range(_ROUNDS):
            outline = _outline(*_mean(parts))
            parts = [_moved(head, opacity, outline) for head, opacity in parts]
        return _mean(parts)

    def _hair_of(self, index: int) -> np.ndarray:
        """Return what hair and outline look like: a coarse picture without face and background."""
        head, opacity = (resized(np.ascontiguousarray(part), *_GRID) for part in self._donor(index))
        share = opacity[..., None] / 255.0
        outside = (1 - resized(FACE, *_GRID))[..., None]
        coarse = np.dstack([head * share, share * 160]) * outside
        coarse[18:] *= 0.35
        return np.asarray(coarse.ravel())


def _mean(parts: list[Part]) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean colour float32 [H, W, 3] by opacity, and the mean opacity 0..1 [H, W]."""
    colour, weight = np.zeros((HEIGHT, WIDTH, 3), np.float32), np.zeros((HEIGHT, WIDTH, 1), np.float32)
    outline = np.stack([opacity for _, opacity in parts]).mean(axis=0, dtype=np.float32) / np.float32(255)
    for head, opacity in parts:
        share = cv2.erode(opacity, _FRINGE)[..., None].astype(np.float32) / 255
        colour, weight = colour + share * head, weight + share
    mean = np.clip(colour / np.maximum(weight, 1e-3), 0, 255).astype(np.uint8)
    filled = cv2.inpaint(mean, (weight[..., 0] < 0.7 * len(parts)).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    return filled.astype(np.float32), outline


def _outline(head: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """Return the person before a bright wall, uint8 grey of half size: outline first, strands second."""
    grey = np.asarray(head, np.float32) @ np.array([0.3, 0.6, 0.1], np.float32)
    share = np.asarray(opacity, np.float32)
    return np.asarray(resized(share * grey * 0.6 + (1 - share) * 230, WIDTH // 2, HEIGHT // 2), np.uint8)


def _moved(head: np.ndarray, opacity: np.ndarray, outline: np.ndarray) -> Part:
    """Return a donor whose outline was moved to `outline`; the face stays."""
    flow = solver().calc(outline, _outline(head, opacity / 255), None)
    kept = full(blur(flow, _OUTLINE_BLUR)) * (1 - FACE)[..., None]
    return warp(np.ascontiguousarray(head), kept), warp(np.ascontiguousarray(opacity), kept)


def _unit(rows: np.ndarray) -> np.ndarray:
    """Return `rows` scaled to a total variance of 1."""
    return np.asarray(rows / np.sqrt(rows.var(axis=0).sum()))
