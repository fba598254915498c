"""Files that a gallery is written to: the kind follows from the name's ending."""

from collections.abc import Callable
from pathlib import Path

from microface.errors import UserError
from microface.files import write_bytes, write_text
from microface.people.gallery import Gallery
from microface.people.header import embeddings_header
from microface.people.image import to_image


def _write_image(gallery: Gallery, path: Path) -> None:
    write_bytes(path, to_image(gallery), mode=0o600)


def _write_header(gallery: Gallery, path: Path) -> None:
    write_text(path, embeddings_header(gallery), mode=0o600)


_WRITERS: dict[str, Callable[[Gallery, Path], None]] = {
    ".mfg": Gallery.save,
    ".h": _write_header,
    ".bin": _write_image,
}
"""A gallery to enrol into and to choose thresholds of; a constant of C; the image for `mf_gallery_write`."""


def require_ending(path: Path, endings: tuple[str, ...] = tuple(_WRITERS)) -> None:
    """Raise a `UserError` where `path` ends in none of `endings`: before work begins whose result would be lost."""
    if path.suffix not in endings:
        named = " or ".join(f"FILE{ending}" for ending in endings)
        raise UserError(path, f"ends in none of {', '.join(endings)}", f"name a {named}")


def write_gallery(gallery: Gallery, path: Path) -> None:
    """Write `gallery` to `path`, wholly or not at all, for its owner alone: .mfg, .h or .bin."""
    require_ending(path)
    _WRITERS[path.suffix](gallery, path)
