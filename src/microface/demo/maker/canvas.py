"""The frame of a head: 144 x 192 pixels, eyes 40 apart; masks and warps in it."""

import cv2
import numpy as np

from microface.photos.align import TEMPLATE, TEMPLATE_EYE_DISTANCE

WIDTH, HEIGHT = 144, 192
EYE_DISTANCE = 40.0
CENTRE = (72.0, 92.0)
"""Where the middle (56, 60) of the alignment template comes to lie, in pixels."""
LANDMARKS = (TEMPLATE - (56, 60)) * (EYE_DISTANCE / TEMPLATE_EYE_DISTANCE) + CENTRE
"""Places [5, 2] of the five landmarks of an upright frontal face."""
Y, X = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)


def oval(centre_y: float, radius_x: float, radius_y: float, softness: float) -> np.ndarray:
    """Return a mask float32 [H, W], 1 inside an upright oval in the middle column, falling over `softness` pixels."""
    distance = np.hypot((X - CENTRE[0]) / radius_x, (Y - centre_y) / radius_y)
    steepness = 2 * min(radius_x, radius_y) / softness
    return np.asarray(1 / (1 + np.exp((distance - 1) * steepness)), np.float32)


FACE = oval(100, 44, 62, 10)
"""Where the dense alignment and the face model look."""


def warp(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Return `picture` [h, w(, C)] sampled at every pixel plus `flow` [h, w, 2] (x, y in pixels), bilinear."""
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return sample(picture, x + flow[..., 0], y + flow[..., 1])


def sample(picture: np.ndarray, x: np.ndarray, y: np.ndarray, cubic: bool = False) -> np.ndarray:
    """Return `picture` at the places (x, y); what lies outside repeats the border."""
    how = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    places = np.asarray(x, np.float32), np.asarray(y, np.float32)
    return np.asarray(cv2.remap(picture, *places, how, borderMode=cv2.BORDER_REPLICATE))


def inverse(flow: np.ndarray, steps: int = 10) -> np.ndarray:
    """Return the flow g with g(y) = -flow(y + g(y)), by fixed-point iteration; `flow` must be smooth."""
    result = np.zeros_like(flow)
    for _ in range(steps):
        result = -warp(flow, result)
    return result


def mirrored_flow(flow: np.ndarray) -> np.ndarray:
    """Return the flow of the mirrored picture."""
    return np.asarray(flow[:, ::-1] * np.array([-1, 1], np.float32))


def blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Return `picture` under a Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma))


def resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return `picture` shrunk by areas or enlarged by cubics to `width` x `height`."""
    smaller = width < picture.shape[1]
    return np.asarray(
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    )
