"""Labeled Faces in the Wild: `NAME/NAME_0001.jpg`, 250 x 250, the layout of its official archives."""

import re
from pathlib import Path

from microface.files import read_bytes
from microface.photos.layouts.layout import PhotoEntry, folders_in, pictures_in


class Lfw:
    """The folder of LFW's people, or its parent."""

    name = "lfw"
    title = "LFW"
    order = 20

    def matches(self, source: Path) -> bool:
        """Say whether every picture of the first people is named after its folder and numbered."""
        pictures = [path for folder in _root(source)[:5] for path in pictures_in(folder)]
        return bool(pictures) and all(re.fullmatch(re.escape(p.parent.name) + r"_\d{4}", p.stem) for p in pictures)

    def photos(self, source: Path) -> list[PhotoEntry]:
        """Return all pictures with their names."""
        return [self._entry(path) for folder in _root(source) for path in pictures_in(folder)]

    def _entry(self, path: Path) -> PhotoEntry:
        return PhotoEntry(f"lfw/{path.name}", "lfw", f"lfw:{path.parent.name}", self.name, str(path))

    def read(self, entry: PhotoEntry) -> bytes:
        """Return the bytes of one photo."""
        return read_bytes(Path(entry.file))


def _root(source: Path) -> list[Path]:
    if not source.is_dir():
        return []
    inner = source / "lfw"
    return folders_in(inner if inner.is_dir() else source)


LAYOUT = Lfw()
