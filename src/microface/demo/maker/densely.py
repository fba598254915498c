"""Dense alignment: every head is warped by optical flow into the frame where features of all of them meet.

Colour and light differ between photos, so a head is not aligned to the mean but to its own approximation by a few
principal components of all aligned heads, which carry its light and colours but not its shape (I.
Kemelmacher-Shlizerman and S. Seitz, "Collection Flow", CVPR 2012).
"""

import cv2
import numpy as np

from microface.console import track
from microface.demo.maker.canvas import FACE, HEIGHT, WIDTH, blur, resized, warp
from microface.demo.maker.components import principal

_WIDTH, _HEIGHT = WIDTH // 2, HEIGHT // 2
_FACE = resized(FACE, _WIDTH, _HEIGHT)
_ROUNDS = ((0, 2.5), (3, 2.0), (6, 1.6))
"""Per round: components of the approximation, blur of the flow in half pixels."""


def flows(pictures: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return for the `chosen` indices of heads the flow [n, 96, 72, 2] (x, y; half-size pixels) into the common frame.

    The aligned head is `warp(head, full(flow))`.
    """
    features = np.stack([_features(pictures[index]) for index in track(chosen, "contrast")])
    result = np.zeros((len(chosen), _HEIGHT, _WIDTH, 2), np.float32)
    dense = solver()
    for count, smooth in _ROUNDS:
        targets = _approximations(features, result, count)
        for index, target in enumerate(track(targets, f"alignment to {count} components")):
            found = dense.calc(_bytes(target), _bytes(features[index]), None)
            result[index] = blur(found * np.clip(_FACE * 1.5, 0, 1)[..., None], smooth)
    return result


def full(flow: np.ndarray) -> np.ndarray:
    """Return a flow of half size as one of the frame's size."""
    return resized(flow, WIDTH, HEIGHT) * 2


def _features(head: np.ndarray) -> np.ndarray:
    """Return local contrast, which survives changes of light, within the face."""
    grey = resized(cv2.cvtColor(np.ascontiguousarray(head[..., :3]), cv2.COLOR_RGB2GRAY), _WIDTH, _HEIGHT)
    detail = grey.astype(np.float32) - blur(grey.astype(np.float32), 7)
    return np.asarray(detail / (np.sqrt(blur(detail * detail, 10)) + 6) * _FACE)


def _approximations(features: np.ndarray, flow: np.ndarray, count: int) -> np.ndarray:
    aligned = np.stack([warp(picture, moved) for picture, moved in zip(features, flow, strict=True)])
    flat = aligned.reshape(len(aligned), -1)
    components = principal(flat, count)
    return np.asarray(components.rebuild(components.coefficients(flat)).reshape(features.shape), np.float32)


def _bytes(features: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(128 + features * 42, 0, 255), np.uint8)


def solver() -> cv2.DISOpticalFlow:
    """Return the optical flow for pictures of half size: dense inverse search, refined, smooth."""
    dense = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dense.setFinestScale(0)
    dense.setVariationalRefinementAlpha(40.0)
    dense.setVariationalRefinementIterations(3)
    return dense
