"""Frames of a camera made from photos: the person stands before it, moved, nearer or farther, lit differently."""

from dataclasses import dataclass

import cv2
import numpy as np

from microface.chip.application.settings import FRAME_SIZE
from microface.photos.crop import centre_box
from microface.photos.face import Box

WALL = (148, 156, 150)


@dataclass(frozen=True)
class Take:
    """How a face stands in a frame.

    `right` and `down` are in pixels from the middle of the rectangle, `nearer` the size by that of the rectangle,
    `light` multiplies the bytes.
    """

    right: float = 0
    down: float = 0
    nearer: float = 1
    light: float = 1


def frame_of(photo: np.ndarray, box: Box, take: Take, seed: int, size: tuple[int, int] = FRAME_SIZE) -> np.ndarray:
    """Return the uint8 frame [H, W, 3] in which the face with `box` in the RGB `photo` stands as `take` says.

    Upright as it is in the photo: a chip without landmarks does not turn faces. `seed` draws the sensor's noise.
    """
    place = centre_box(np.empty((*size, 0), np.uint8))
    scale = take.nearer * (place.width + place.height) / (box.width + box.height)
    across = place.centre[0] + take.right - scale * box.centre[0]
    down = place.centre[1] + take.down - scale * box.centre[1]
    matrix = np.array([[scale, 0, across], [0, scale, down]])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    frame = cv2.warpAffine(photo, matrix, (size[1], size[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return _sensed(frame * take.light, seed)


def empty_frame(seed: int, size: tuple[int, int] = FRAME_SIZE) -> np.ndarray:
    """Return the frame of a wall, where nobody stands."""
    return _sensed(np.full((*size, 3), WALL, np.float64), seed)


def _sensed(values: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 2, values.shape)
    return np.clip(np.rint(values + noise), 0, 255).astype(np.uint8)
