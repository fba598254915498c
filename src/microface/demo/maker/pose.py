"""Turning a head: a rough depth map, the way of pixels under small turns, and light from a side."""

from dataclasses import dataclass

import cv2
import numpy as np

from microface.demo.maker.canvas import CENTRE, HEIGHT, WIDTH, X, Y, blur, sample

_AXIS_DEPTH = 18.0
_NECK, _NECK_LENGTH = 178.0, 30.0
_MIDDLE_Y = 100.0


def _depth() -> np.ndarray:
    """Return how far each place comes forward, in pixels: an ellipsoid with a nose."""
    inside = 1 - ((X - CENTRE[0]) / 58) ** 2 - ((Y - 94) / 88) ** 2
    head = blur(58 * np.sqrt(np.clip(inside, 0, 1)), 4)
    tip = 12 * np.exp(-(((X - CENTRE[0]) / 8) ** 2) - ((Y - 112) / 13) ** 2)
    bridge = 5 * np.exp(-(((X - CENTRE[0]) / 6) ** 2) - ((Y - 98) / 16) ** 2)
    return np.asarray((head + tip + bridge) * _turning(Y), np.float32)


def _turning(y: np.ndarray) -> np.ndarray:
    """Return how much a place turns with the head: 1 on it, falling to 0 along the neck."""
    return np.asarray(np.clip((_NECK - y) / _NECK_LENGTH, 0, 1))


DEPTH = _depth()


@dataclass(frozen=True)
class Pose:
    """Turn to the side and up in radians, roll in radians, enlargement, shift to the side in pixels of the frame."""

    yaw: float
    pitch: float
    roll: float
    zoom: float
    shift: float

    def sources(self, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        """Return for each pixel of a picture `width` x `height` the place (x, y) in the frame that it shows.

        The bottom of the frame lies at the bottom of the picture, so that nobody ends above it.
        """
        y, x = np.mgrid[:height, :width].astype(np.float32)
        scale = width / WIDTH * self.zoom
        right, down = (x - (width - 1) / 2) / scale, (y - (height - 0.5)) / scale
        cosine, sine = np.cos(self.roll), np.sin(self.roll)
        return self._turned(
            cosine * right + sine * down + CENTRE[0] - 0.5 + self.shift, cosine * down - sine * right + HEIGHT - 0.5
        )

    def _turned(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where the places (x, y) of the turned head lie on the frontal one, by fixed-point iteration."""
        source_x, source_y = x, y
        for _ in range(6):
            turning = _turning(source_y)
            forward = sample(DEPTH, source_x, source_y) - _AXIS_DEPTH * turning
            narrow, flat = (1 - (1 - np.cos(angle)) * turning for angle in (self.yaw, self.pitch))
            source_x = CENTRE[0] + (x - CENTRE[0] - forward * np.sin(self.yaw)) / narrow
            source_y = _MIDDLE_Y + (y - _MIDDLE_Y - forward * np.sin(self.pitch)) / flat
        return source_x, source_y


def shading(direction: float, amount: float) -> np.ndarray:
    """Return the gain [H, W] of light from `direction` (radians in the picture), stronger with `amount` 0..1."""
    smooth = blur(DEPTH, 3)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *axis, ksize=3) / 8 for axis in ((1, 0), (0, 1)))
    towards = np.cos(direction), np.sin(direction) * 0.6 - 0.3
    lit = -(across * towards[0] + down * towards[1]) / np.sqrt(across**2 + down**2 + 1)
    return np.asarray(np.exp(amount * lit * np.clip((185 - Y) / 40, 0, 1)), np.float32)
