"""Reading photos: JPEG, PNG, WebP and BMP of strangers become upright RGB, of limited size."""

from pathlib import Path

import cv2
import numpy as np

from microface.errors import UserError
from microface.files import read_bytes
from microface.photos.headers import Header, read_header
from microface.photos.quiet import quiet

LONGEST = 2048
"""Photos are scaled down to this many pixels on the longer side."""
_MOST_BYTES = 200_000_000
_MOST_PIXELS = {
    "jpeg": 500_000_000,
    "progressive": 100_000_000,
    "png": 40_000_000,
    "webp": 40_000_000,
    "bmp": 40_000_000,
}
"""A baseline JPEG is decoded at a reduced size, strip by strip; every other kind needs memory for the whole."""
_TURNS = {3: cv2.ROTATE_180, 5: cv2.ROTATE_90_CLOCKWISE, 6: cv2.ROTATE_90_CLOCKWISE}
_TURNS |= {4: cv2.ROTATE_180, 7: cv2.ROTATE_90_COUNTERCLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}
_MIRRORED = frozenset({2, 4, 5, 7})


def read_photo(path: Path, longest: int = LONGEST) -> np.ndarray:
    """Return the photo at `path` as upright RGB uint8 [H, W, 3], at most `longest` pixels on the longer side.

    What cannot be read right (missing, empty, cut off, foreign, too large) is a `UserError`.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(path, "is larger than 200 MB", "scale the photo down")
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror})", "check the name") from error
    return decode_photo(read_bytes(path), path, longest)


def decode_photo(data: bytes, name: object, longest: int = LONGEST) -> np.ndarray:
    """Return the photo in `data` as `read_photo` does; `name` stands in errors."""
    header = _checked_header(data, name)
    pixels = _decoded(data, header, name, longest)
    return _limited(_upright(_rgb(pixels), header.orientation), longest)


def _checked_header(data: bytes, name: object) -> Header:
    if not data:
        raise UserError(name, "is empty", "give a photo")
    header = read_header(data)
    if header is None or not header.pixels:
        raise UserError(name, "is not a photo that can be read", "give a JPEG, PNG, WebP or BMP picture")
    limit = _MOST_PIXELS["progressive" if header.progressive else header.format]
    if header.pixels > limit:
        size = f"{header.width} x {header.height}"
        raise UserError(name, f"has {size} pixels, too many to decode safely", f"scale it down below {limit:,}")
    if not header.whole:
        raise _cut_off(name)
    return header


def _cut_off(name: object) -> UserError:
    return UserError(name, "is cut off or damaged", "copy the photo again")


def _decoded(data: bytes, header: Header, name: object, longest: int) -> np.ndarray:
    flags = _reduction(header, longest) if header.format == "jpeg" else cv2.IMREAD_UNCHANGED
    try:
        with quiet:  # libjpeg and libpng write warnings of damaged files past Python
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise _cut_off(name)
    return np.asarray(pixels)


def _reduction(header: Header, longest: int) -> int:
    """Return the decoder's flag that makes a JPEG smallest without going below `longest`."""
    factor = max(header.width, header.height) / longest
    if factor >= 8:
        return int(cv2.IMREAD_REDUCED_COLOR_8)
    if factor >= 4:
        return int(cv2.IMREAD_REDUCED_COLOR_4)
    return int(cv2.IMREAD_REDUCED_COLOR_2 if factor >= 2 else cv2.IMREAD_COLOR)


def _rgb(pixels: np.ndarray) -> np.ndarray:
    """Return 8-bit RGB of what the decoder gave: grey or BGR, with or without alpha, of 8 or 16 bits."""
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB))
    if pixels.shape[2] == 4:
        return _on_white(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)))
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def _on_white(pixels: np.ndarray) -> np.ndarray:
    """Return RGBA laid on white: what is transparent holds arbitrary colours."""
    alpha = pixels[..., 3:].astype(np.uint16)
    mixed = pixels[..., :3] * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Return the picture as EXIF's orientation wants it seen."""
    if orientation in _TURNS:
        pixels = np.asarray(cv2.rotate(pixels, _TURNS[orientation]))
    return np.ascontiguousarray(pixels[:, ::-1]) if orientation in _MIRRORED else pixels


def _limited(pixels: np.ndarray, longest: int) -> np.ndarray:
    height, width = pixels.shape[:2]
    factor = longest / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
