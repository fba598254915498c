"""Silhouettes of heads before a plain background, found by the background's own colour."""

import cv2
import numpy as np

from microface.demo.maker.canvas import HEIGHT, WIDTH, X, Y, blur

_EDGE = np.zeros((HEIGHT, WIDTH), bool)
_EDGE[4:60, :9] = _EDGE[4:60, -9:] = _EDGE[:4] = True
"""Where the background is seen: beside the hair, and above it."""
_SIDES = (_EDGE & (X < WIDTH / 2), _EDGE & (X >= WIDTH / 2))
_CORE = ((X - 72) / 34) ** 2 + ((Y - 104) / 50) ** 2 < 1
_REPEATED_ROWS = 150
_LEAST_LIGHTNESS, _MOST_SPREAD, _MOST_DIFFERENCE = 22.0, 8.5, 30.0
_LONGEST_OUTLINE = 600
"""Pixels; a longer outline is ragged."""


def silhouette(head: np.ndarray) -> np.ndarray | None:
    """Return the opacity float32 0..1 [192, 144] of the person in `head` [192, 144, 4]; None where it is unsure."""
    seen = (head[..., 3] > 250) | (Y < _REPEATED_ROWS)
    lab = cv2.cvtColor(head[..., :3].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    distance = _from_background(lab, seen)
    if distance is None:
        return None
    person = _without_background((distance < 0) & seen)
    return blur(person.astype(np.float32), 0.8) if _plausible(person, seen) else None


def _from_background(lab: np.ndarray, seen: np.ndarray) -> np.ndarray | None:
    """Return the distance in colour to the background, less its threshold; None for a busy background."""
    sides = [lab[side & seen] for side in _SIDES]
    colours = [np.median(pixels, axis=0) for pixels in sides]
    spreads = [np.percentile(np.linalg.norm(p - c, axis=1), 75) for p, c in zip(sides, colours, strict=True)]
    different = np.abs(colours[0] - colours[1]).max() > _MOST_DIFFERENCE
    if min(c[0] for c in colours) < _LEAST_LIGHTNESS or max(spreads) > _MOST_SPREAD or different:
        return None
    share = (X / (WIDTH - 1))[..., None]
    moved = (lab - (colours[0] * (1 - share) + colours[1] * share)) * (1, 1.3, 1.3)
    return blur(np.linalg.norm(moved, axis=2).astype(np.float32), 0.7) - max(9.0, 2 * max(spreads))


def _without_background(background: np.ndarray) -> np.ndarray:
    """Return uint8 1 where no piece of `background` that touches the edge lies."""
    _, labels = cv2.connectedComponents(background.astype(np.uint8), connectivity=4)
    touching = np.setdiff1d(labels[_EDGE], [0])
    person = (~np.isin(labels, touching)).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))


def _plausible(person: np.ndarray, seen: np.ndarray) -> bool:
    """Return whether the silhouette holds the face, hair as wide as a head, neck and shoulders, and is in one piece."""
    neck = slice(176, 184), slice(64, 80)
    outlines, _ = cv2.findContours(person, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    pieces = sum(cv2.contourArea(outline) > 12 for outline in outlines)
    return bool(
        person[_CORE].mean() >= 0.985
        and (person[neck].mean() >= 0.9 or seen[neck].mean() <= 0.5)
        and person[60].sum() >= 74
        and person[150:186, 30:114].mean() >= 0.55
        and pieces == 1
        and sum(map(len, outlines)) <= _LONGEST_OUTLINE
    )
