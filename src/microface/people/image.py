"""The gallery as the chip's flash holds it; `chip/firmware/runtime/mf_gallery.h` has the byte layout."""

import struct
import zlib
from pathlib import Path

import numpy as np

from microface.errors import DamagedFileError, UserError
from microface.people.gallery import Gallery, split_people

MAGIC = b"MFPEOPLE"
FORMAT = 1
HEADER = struct.Struct("<8sIIII32sII")
HEAD = struct.Struct("<iIII")
RECORD = struct.Struct("<60sI")


def image_size(people: int, templates: int, dimensions: int) -> int:
    """Return the bytes of an image with that many people, templates in all and values a template."""
    return HEADER.size + HEAD.size + people * RECORD.size + templates * dimensions


def people_that_fit(slot_bytes: int, photos: int, dimensions: int) -> int:
    """Return how many people with `photos` photos each a slot of flash holds."""
    return max(0, (slot_bytes - HEADER.size - HEAD.size) // (RECORD.size + photos * dimensions))


def require_fit(gallery: Gallery, slot_bytes: int, where: str) -> None:
    """Refuse a gallery larger than a slot of `slot_bytes`; the error names the number of people that fit."""
    size = image_size(len(gallery), len(gallery.templates), gallery.dimensions)
    if size <= slot_bytes:
        return
    photos = max(gallery.photos)
    fit = people_that_fit(slot_bytes, photos, gallery.dimensions)
    reason = f"takes {size} bytes, {size - slot_bytes} more than a gallery slot of {where}"
    mend = f"enrol at most {fit} people with {photos} photos each"
    raise UserError(f"gallery of {len(gallery)} people", reason, mend)


def to_image(gallery: Gallery, version: int = 1) -> bytes:
    """Return the bytes that a chip accepts; `version` is the slot's, and the chip replaces it by its own."""
    photos = gallery.photos
    body = HEAD.pack(gallery.threshold, len(gallery), sum(photos), gallery.dimensions)
    body += b"".join(RECORD.pack(person.name.encode(), person.photos) for person in gallery)
    body += gallery.templates.tobytes()
    model = bytes.fromhex(gallery.model_id)
    header = HEADER.pack(MAGIC, FORMAT, version, len(body), 0, model, 0, 0)[:-4]
    return header + struct.pack("<I", zlib.crc32(body, zlib.crc32(header))) + body


def from_image(data: bytes, path: Path, model: str = "unnamed") -> Gallery:
    """Read an image, also one with erased flash behind it; `path` names it in errors, `model` is its package's name."""
    body, model_id = _checked_body(data, path)
    try:
        return _parse(body, model, model_id)
    except (struct.error, ValueError) as error:
        raise DamagedFileError(path, f"holds no whole gallery ({error})", "export it again") from error


def _checked_body(data: bytes, path: Path) -> tuple[bytes, str]:
    """Return the body and the model id in hexadecimal of an image whose checksum agrees."""
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        raise DamagedFileError(path, "is not a gallery image", "give a file of `microface people export`")
    _, version, _, length, _, model, _, crc = HEADER.unpack_from(data)
    if version != FORMAT:
        raise DamagedFileError(path, f"has image format {version}", f"this release reads format {FORMAT}")
    body = data[HEADER.size : HEADER.size + length]
    if len(body) != length or zlib.crc32(body, zlib.crc32(data[: HEADER.size - 4])) != crc:
        raise DamagedFileError(path, "is damaged (checksum differs)", "copy or export it again")
    return body, model.hex()


def _parse(body: bytes, model: str, model_id: str) -> Gallery:
    threshold, people, templates, dimensions = HEAD.unpack_from(body)
    if len(body) != image_size(people, templates, dimensions) - HEADER.size:
        raise ValueError("its numbers and its length do not agree")
    records = list(RECORD.iter_unpack(body[HEAD.size : HEAD.size + people * RECORD.size]))
    values = np.frombuffer(body[HEAD.size + people * RECORD.size :], np.int8).reshape(templates, dimensions)
    names = [name.rstrip(b"\0").decode() for name, _ in records]
    enrolled = split_people(names, [photos for _, photos in records], values)
    return Gallery(model, model_id, dimensions, threshold, None, enrolled)
