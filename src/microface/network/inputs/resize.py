"""Crops made on the chip: a rectangle of a picture at another size, by four weighted neighbours, in integers.

The centre of pixel i of n lies over m pixels at

    p = min(max(floor(128 (2 i + 1) m / n) - 128, 0), 256 (m - 1))         in 1/256

With f = p mod 256 the weights are 256 - f for pixel p / 256 and f for the next one, for columns and rows alike, and
y = (sum of the four weighted bytes + 2^15) >> 16. With m = n every p is 256 i: a copy. Neighbours beyond four are not
seen, so a picture should shrink by at most 2.
"""

from dataclasses import dataclass

import numpy as np

from microface.errors import UserError

LARGEST_SIDE = 2047


@dataclass(frozen=True)
class Rectangle:
    """Part of a picture in pixels, from its upper left corner."""

    left: int
    top: int
    width: int
    height: int

    def moved(self, right: int, down: int) -> "Rectangle":
        """Return the same rectangle moved by so many pixels."""
        return Rectangle(self.left + right, self.top + down, self.width, self.height)

    def fits(self, size: tuple[int, int]) -> bool:
        """Say whether it can be cropped from a picture of `size` (height, width)."""
        sides = 1 <= self.width <= LARGEST_SIDE and 1 <= self.height <= LARGEST_SIDE
        inside = self.left >= 0 and self.top >= 0
        return sides and inside and self.left + self.width <= size[1] and self.top + self.height <= size[0]


def crop_resized(picture: np.ndarray, rectangle: Rectangle, size: tuple[int, int]) -> np.ndarray:
    """Return `rectangle` of the uint8 `picture` [H, W, 3] at `size` (height, width); outside it is a `UserError`."""
    if not rectangle.fits((picture.shape[0], picture.shape[1])):
        raise UserError(str(rectangle), f"is not in a picture of {picture.shape[1]} x {picture.shape[0]}", "move it")
    top, left = rectangle.top, rectangle.left
    part = picture[top : top + rectangle.height, left : left + rectangle.width].astype(np.int32)
    across = _weighted(part, _places(size[1], rectangle.width), axis=1)
    down = _weighted(across, _places(size[0], rectangle.height), axis=0)
    return ((down + (1 << 15)) >> 16).astype(np.uint8)


def _places(to: int, source: int) -> np.ndarray:
    places = 128 * (2 * np.arange(to) + 1) * source // to - 128
    return np.clip(places, 0, 256 * (source - 1))


def _weighted(values: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Return 256 times the values between neighbours along `axis`; at the last one no weight is left for a next."""
    first, weight = places >> 8, (places & 255).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    second = np.minimum(first + 1, values.shape[axis] - 1)
    return np.asarray(values.take(first, axis) * (256 - weight) + values.take(second, axis) * weight)
