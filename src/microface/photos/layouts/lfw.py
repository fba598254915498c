"""Labeled Faces in the Wild: `NAME/NAME_0001.jpg`, 250 x 250, the layout of its official archives."""

import re
from collections.abc import Iterator
from pathlib import Path

from microface.photos.layouts.layout import PhotoEntry, PictureFiles, folders_in, is_hollow, pictures_in


class Lfw(PictureFiles):
    """The folder of LFW's people, or its parent."""

    name = "lfw"
    title = "LFW"
    order = 60
    needed = "unpack lfw.tgz there: lfw/NAME/NAME_0001.jpg"

    def matches(self, source: Path) -> bool:
        """Say whether every picture of the first people is named after its folder and numbered, or `lfw` is empty."""
        if source.is_dir() and (is_hollow(source, "lfw") or (source.name == "lfw" and is_hollow(source, "."))):
            return True
        pictures = [path for folder in _root(source)[:5] for path in pictures_in(folder)]
        return bool(pictures) and all(re.fullmatch(re.escape(p.parent.name) + r"_\d{4}", p.stem) for p in pictures)

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield all pictures with their names."""
        for folder in _root(source):
            for path in pictures_in(folder):
                yield PhotoEntry(f"lfw/{path.name}", "lfw", f"lfw:{path.parent.name}", self.name, str(path))


def _root(source: Path) -> list[Path]:
    if not source.is_dir():
        return []
    inner = source / "lfw"
    return folders_in(inner if inner.is_dir() else source)


LAYOUT = Lfw()
