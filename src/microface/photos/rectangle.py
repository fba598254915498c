"""Where a face must be in a camera's picture: the fixed rectangle of a chip that does not search for faces."""

import numpy as np

from microface.errors import UserError
from microface.network.inputs.resize import Rectangle
from microface.photos.crop import centre_box, template, typical_landmarks
from microface.photos.preprocess import Preprocess

MOST_SHRINKING = 2.0


def face_rectangle(preprocess: Preprocess, size: tuple[int, int]) -> Rectangle:
    """Return the rectangle of a picture of `size` (height, width) that becomes the crop.

    Of an aligned crop it is the rectangle that the crop `centre` of evaluation reads, in whole pixels; a loose crop is
    copied, so there it has the crop's own size round the same middle. A picture that does not hold it, or that would
    shrink by more than 2, is a `UserError`.
    """
    points = typical_landmarks(centre_box(np.empty((*size, 0), np.uint8)))
    places = template(preprocess)
    ratio = _eye_distance(points) / _eye_distance(places) if preprocess.geometry == "aligned" else 1.0
    middle = points[0] + (np.array([preprocess.width, preprocess.height]) / 2 - places[0]) * (
        _eye_distance(points) / _eye_distance(places)
    )
    width, height = round(preprocess.width * ratio), round(preprocess.height * ratio)
    found = Rectangle(round(float(middle[0]) - width / 2), round(float(middle[1]) - height / 2), width, height)
    if not found.fits(size) or ratio > MOST_SHRINKING:
        wanted = f"does not hold a crop of {preprocess.width} x {preprocess.height}"
        reason = wanted if ratio <= MOST_SHRINKING else f"would shrink {ratio:.1f} times"
        raise UserError(
            f"a camera's picture of {size[1]} x {size[0]}", reason, "choose another size, such as 320 x 240"
        )
    return found


def _eye_distance(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[1] - points[0]))
