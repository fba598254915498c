"""Windows of one picture, drawn at random from a seed of its own, and resized to what a network reads."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from microface.photos.layouts.wider import MarkedFace
from microface.photos.presence.rule import AMBIGUOUS, Label, Rule

_TRIES = 400


@dataclass(frozen=True)
class Window:
    """A window at (`left`, `top`); `face` is the shorter side of its largest clear face as a share of its side."""

    left: int
    top: int
    label: Label
    face: float


@dataclass(frozen=True)
class Drawn:
    """The windows kept of one picture, and how many tries fell on ambiguous places, by reason."""

    windows: tuple[Window, ...]
    ambiguous: Counter[Label]


def seed_of(key: str, seed: int) -> int:
    """Return a number that only `key` and `seed` decide."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{key}".encode()).digest()[:8], "little")


def draw(shape: tuple[int, int], faces: Sequence[MarkedFace], rule: Rule, each: int, seed: int) -> Drawn:
    """Return up to `each` windows of either class from a picture of `shape` (height, width), uniformly placed.

    400 places are tried, so a class that is rare in the picture gives fewer, or none.
    """
    random = np.random.default_rng(seed)
    kept: dict[Label, list[Window]] = {"face": [], "none": []}
    ambiguous: Counter[Label] = Counter()
    room = np.array(shape) - rule.side + 1
    for top, left in random.integers(0, room, (_TRIES, 2)).tolist():
        label = rule.label(left, top, faces)
        if label in AMBIGUOUS:
            ambiguous[label] += 1
        elif len(kept[label]) < each:
            kept[label].append(Window(left, top, label, rule.largest_face(left, top, faces)))
    return Drawn((*kept["face"], *kept["none"]), ambiguous)


def cut(picture: np.ndarray, left: int, top: int, side: int, size: int) -> np.ndarray:
    """Return the window of `side` at (`left`, `top`) of `picture` uint8 [H, W, 3], resized to `size` by area."""
    window = picture[top : top + side, left : left + side]
    return np.asarray(cv2.resize(window, (size, size), interpolation=cv2.INTER_AREA))
