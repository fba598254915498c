"""Alignment: the similarity transform that takes five landmarks to a template, and the warp by it."""

import cv2
import numpy as np

TEMPLATE_SIZE = 112
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Landmarks (x, y) of an upright face in a crop of 112 x 112, in the order of `face.LANDMARKS`."""
TEMPLATE_EYE_DISTANCE = float(np.hypot(*(TEMPLATE[1] - TEMPLATE[0])))
_SHRINK_BELOW = 0.5


def umeyama(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the similarity [2, 3] that takes points `source` [n, 2] to `target` [n, 2] with least squares.

    Closed form of S. Umeyama, "Least-squares estimation of transformation parameters between two point
    patterns", IEEE TPAMI 13(4), 1991, equations 40-42; rotation without reflection. Coinciding source points
    give the scale 0.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    moved = source - source_mean
    covariance = (target - target_mean).T @ moved / len(source)
    left, singular, right = np.linalg.svd(covariance)
    sign = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    variance = float((moved**2).sum() / len(source))
    scale = float(singular @ sign) / variance if variance > 0 else 0.0
    linear = scale * (left * sign) @ right
    return np.column_stack([linear, target_mean - linear @ source_mean])


def warp(photo: np.ndarray, matrix: np.ndarray, width: int, height: int, border: int, margin: int = 0) -> np.ndarray:
    """Return the uint8 crop [height, width, 3] of `photo` under `matrix` [2, 3] (photo to crop), bilinear.

    `border` is OpenCV's border mode for what lies outside the photo (constant is black). A photo more than twice
    as large as needed is first shrunk by areas, since bilinear sampling alone would skip pixels. With `margin` so
    many pixels more stand on each side; the middle stays the same to the bit, whatever OpenCV's rounding of places.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if 0 < scale < _SHRINK_BELOW:
        photo, matrix = _shrunk(photo, matrix, scale)
    crop = np.asarray(cv2.warpAffine(photo, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border))
    if margin == 0:
        return crop
    size, moved = (width + 2 * margin, height + 2 * margin), np.add(matrix, [[0, 0, margin], [0, 0, margin]])
    whole = np.asarray(cv2.warpAffine(photo, moved, size, flags=cv2.INTER_LINEAR, borderMode=border))
    whole[margin:-margin, margin:-margin] = crop
    return whole


def _shrunk(photo: np.ndarray, matrix: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the photo shrunk by an area filter, and the matrix that belongs to it."""
    height, width = photo.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    ratio = np.array([width / size[0], height / size[1]])
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    shift = matrix[:, 2] + matrix[:, :2] @ (ratio / 2 - 0.5)
    return small, np.column_stack([matrix[:, :2] * ratio, shift])
