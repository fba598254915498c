"""What the first bytes of a picture say: its format, size and orientation, before anything is decoded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Format = Literal["jpeg", "png", "webp", "bmp"]
_ORIENTATION_TAG = 0x0112
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG markers that start a frame; C2 and its relatives are progressive."""
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, b"\xff\xd9"


@dataclass(frozen=True)
class Header:
    """Format, size in pixels as stored, EXIF orientation 1..8, and whether the file reaches its own end."""

    format: Format
    width: int
    height: int
    orientation: int = 1
    progressive: bool = False
    whole: bool = True

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height


def read_header(data: bytes) -> Header | None:
    """Return the header of the picture `data`; None when it is no picture of a known format or cut in its header."""
    try:
        return _read(data)
    except (struct.error, IndexError, StopIteration):
        return None


def _read(data: bytes) -> Header | None:
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return _bmp(data) if data.startswith(b"BM") else None


def _jpeg(data: bytes) -> Header:
    orientation, size, marker_of_frame, scan = 1, (0, 0), 0, 0
    for marker, start, length in _segments(data):
        if marker == 0xE1 and data[start : start + 6] == b"Exif\0\0":
            orientation = exif_orientation(data[start + 6 : start + length])
        elif marker in _FRAMES:
            marker_of_frame, size = marker, struct.unpack_from(">HH", data, start + 1)
        elif marker == _START_OF_SCAN:
            scan = start
    whole = scan > 0 and data.find(_END_OF_IMAGE, scan) > 0
    return Header("jpeg", size[1], size[0], orientation, marker_of_frame in _PROGRESSIVE, whole)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, first byte, length) of a JPEG's segments up to its first scan."""
    place, marker = 2, 0
    while marker != _START_OF_SCAN and place + 4 <= len(data):
        if data[place] != 0xFF or data[place + 1] in (0xFF, 0x01):  # padding between segments
            place += 1
            continue
        marker, length = data[place + 1], struct.unpack_from(">H", data, place + 2)[0]
        yield marker, place + 4, length - 2
        place += 2 + length


def _png(data: bytes) -> Header:
    width, height = struct.unpack_from(">II", data, 16)
    orientation, place, ended = 1, 8, False
    while place + 12 <= len(data) and not ended:
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"eXIf":
            orientation = exif_orientation(data[place + 8 : place + 8 + length])
        ended = kind == b"IEND"
        place += 12 + length
    return Header("png", width, height, orientation, whole=ended)


def _webp(data: bytes) -> Header:
    whole = struct.unpack_from("<I", data, 4)[0] + 8 <= len(data)
    kind, first = data[12:16], data[20:30]
    if kind == b"VP8 ":
        width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", first, 6))
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", first, 1)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (1 + int.from_bytes(first[at : at + 3], "little") for at in (4, 7))
    return Header("webp", width, height, _webp_orientation(data), whole=whole)


def _webp_orientation(data: bytes) -> int:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind == b"EXIF":
            return exif_orientation(data[place + 8 : place + 8 + length].removeprefix(b"Exif\0\0"))
        place += 8 + length + length % 2
    return 1


def _bmp(data: bytes) -> Header:
    size = struct.unpack_from("<I", data, 2)[0]
    width, height = struct.unpack_from("<ii", data, 18)
    return Header("bmp", abs(width), abs(height), whole=size <= len(data))


def exif_orientation(block: bytes) -> int:
    """Return the orientation 1..8 of an EXIF block (a small TIFF); 1 when it says none or is damaged."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    try:
        place = struct.unpack_from(order + "I", block, 4)[0]
        entries = struct.unpack_from(order + "H", block, place)[0]
        for entry in range(entries):
            tag, _, _, value = struct.unpack_from(order + "HHIH", block, place + 2 + 12 * entry)
            if tag == _ORIENTATION_TAG:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
