"""Arithmetic of MTCNN on arrays of boxes: float64 [N, 4], columns left, top, right, bottom in pixels of the photo."""

import numpy as np


def suppress(boxes: np.ndarray, scores: np.ndarray, overlap: float, by_smaller: bool = False) -> np.ndarray:
    """Return the indices that non-maximum suppression keeps, best score first.

    A box goes when it overlaps a better one by more than `overlap`: intersection over union, or over the smaller
    of the two areas (`by_smaller`), which also removes a box within another.
    """
    order = np.argsort(-scores, kind="stable")
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    keep: list[int] = []
    while len(order):
        best, order = order[0], order[1:]
        keep.append(int(best))
        shared = _intersections(boxes[best], boxes[order])
        smaller = np.minimum(areas[best], areas[order])
        whole = smaller if by_smaller else areas[best] + areas[order] - shared
        order = order[shared <= overlap * whole]
    return np.array(keep, np.int64)


def _intersections(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0), axis=1))


def shifted(boxes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return `boxes` moved by `offsets` [N, 4], which are fractions of each box's width and height."""
    size = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes + offsets * np.tile(size, 2))


def squared(boxes: np.ndarray) -> np.ndarray:
    """Return squares of the longer side about the same centres."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack([centre - half, centre + half])
