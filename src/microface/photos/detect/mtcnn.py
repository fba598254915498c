"""MTCNN: a pyramid of pictures proposes boxes, two networks refine them, the last one finds five landmarks."""

from dataclasses import dataclass

import cv2
import numpy as np

from microface.photos.detect.boxes import shifted, squared, suppress
from microface.photos.detect.stored import load_session
from microface.photos.face import Box, Face, as_landmarks

_CELL, _STRIDE = 12, 2
"""The proposal network sees 12 x 12 pixels and steps by 2."""
_PYRAMID = 0.709
_MOST_PROPOSALS = 300


@dataclass(frozen=True)
class DetectorOptions:
    """What a search looks for: faces of at least `smallest` pixels (their box's longer side), three thresholds."""

    smallest: int = 20
    proposal: float = 0.6
    refinement: float = 0.7
    output: float = 0.7


class Mtcnn:
    """The detector; one per thread or process, with `threads` threads of onnxruntime."""

    def __init__(self, threads: int = 1) -> None:
        self._pnet, self._rnet, self._onet = (load_session(net, threads) for net in ("pnet", "rnet", "onet"))

    def detect(self, photo: np.ndarray, options: DetectorOptions | None = None) -> tuple[Face, ...]:
        """Return the faces in the RGB `photo` (uint8 [H, W, 3]), best score first."""
        options = options or DetectorOptions()
        boxes = self._propose(photo, options)
        boxes = self._refine(photo, boxes, options.refinement)
        return self._finish(photo, boxes, options.output)

    def _propose(self, photo: np.ndarray, options: DetectorOptions) -> np.ndarray:
        levels = [self._level(photo, scale, options.proposal) for scale in pyramid(photo.shape, options.smallest)]
        if not levels:
            return np.zeros((0, 4))
        boxes, scores = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        kept = suppress(boxes, scores, 0.7)[:_MOST_PROPOSALS]
        return squared(boxes[kept])

    def _level(self, photo: np.ndarray, scale: float, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        height, width = (max(_CELL, round(side * scale)) for side in photo.shape[:2])
        small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        offsets, scores = self._pnet.run(None, {"photo": small[None]})
        rows, columns = np.nonzero(scores[0, ..., 1] > threshold)
        corner = np.column_stack([columns, rows]) * _STRIDE
        ratio = np.array([photo.shape[1] / width, photo.shape[0] / height])
        boxes = shifted(np.hstack([corner, corner + _CELL]).astype(np.float64), offsets[0, rows, columns])
        found = scores[0, rows, columns, 1]
        kept = suppress(boxes, found, 0.5)
        return boxes[kept] * np.tile(ratio, 2), found[kept]

    def _refine(self, photo: np.ndarray, boxes: np.ndarray, threshold: float) -> np.ndarray:
        if not len(boxes):
            return boxes
        offsets, scores = self._rnet.run(None, {"photo": patches(photo, boxes, 24)})
        good = scores[:, 1] > threshold
        boxes, found = shifted(boxes, offsets)[good], scores[good, 1]
        return squared(boxes[suppress(boxes, found, 0.7)])

    def _finish(self, photo: np.ndarray, boxes: np.ndarray, threshold: float) -> tuple[Face, ...]:
        if not len(boxes):
            return ()
        offsets, points, scores = self._onet.run(None, {"photo": patches(photo, boxes, 48)})
        good = scores[:, 1] > threshold
        places = _landmarks(boxes, points)[good]
        boxes, found = shifted(boxes, offsets)[good], scores[good, 1]
        kept = suppress(boxes, found, 0.7, by_smaller=True)
        return tuple(Face(Box(*map(float, boxes[i])), as_landmarks(places[i]), float(found[i])) for i in kept)


def pyramid(shape: tuple[int, ...], smallest: int) -> list[float]:
    """Return the scales at which a face of `smallest` pixels or more fills the proposal network's 12 pixels."""
    scale, scales = _CELL / smallest, []
    while min(shape[:2]) * scale >= _CELL:
        scales.append(scale)
        scale *= _PYRAMID
    return scales


def patches(photo: np.ndarray, boxes: np.ndarray, size: int) -> np.ndarray:
    """Return the squares `boxes` of `photo` as uint8 [N, size, size, 3]; black beyond the photo."""
    result = np.empty((len(boxes), size, size, 3), np.uint8)
    for place, box in zip(result, np.rint(boxes).astype(int), strict=True):
        place[:] = cv2.resize(_cut(photo, *box), (size, size), interpolation=cv2.INTER_AREA)
    return result


def _cut(photo: np.ndarray, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    height, width = photo.shape[:2]
    inside = photo[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if min(left, top) >= 0 and right <= width and bottom <= height:
        return inside
    whole = np.zeros((bottom - top, right - left, 3), np.uint8)
    y, x = max(-top, 0), max(-left, 0)
    whole[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    return whole


def _landmarks(boxes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return landmarks [N, 5, 2] in pixels; the network gives five x, then five y, as fractions of the box."""
    fractions = points.reshape(-1, 2, 5).transpose(0, 2, 1)
    size = (boxes[:, 2:] - boxes[:, :2])[:, None]
    return np.asarray(boxes[:, None, :2] + fractions * size - 0.5)
