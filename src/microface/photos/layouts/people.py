"""A folder per person, named after the person; pictures beside the folders and in `unknown` have no name.

Pictures may lie deeper: the outermost folder is the person. Where all folders are called `train`, `val` or `test`,
they are splits, and the people lie one level deeper.
"""

from collections.abc import Iterator
from pathlib import Path

from microface.photos.layouts.layout import (
    OfficialSplit,
    PhotoEntry,
    PictureFiles,
    folders_in,
    pictures_in,
    pictures_under,
)

UNKNOWN = "unknown"
_SPLITS: dict[str, OfficialSplit] = {
    "train": "train",
    "training": "train",
    "val": "held_out",
    "valid": "held_out",
    "validation": "held_out",
    "test": "held_out",
}


class PeopleFolders(PictureFiles):
    """`NAME/any.jpg`, `NAME/any/deeper.jpg`, `train/NAME/any.jpg`."""

    name = "people"
    title = "a folder per person"
    order = 90
    needed = "give a folder with JPEG, PNG, WebP or BMP pictures"

    def matches(self, source: Path) -> bool:
        """Say whether `source` is a folder."""
        return source.is_dir()

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield the pictures of every person, and those of nobody."""
        source = source.resolve()  # `.` has no name
        for root, split in _roots(source):
            for path in pictures_in(root):
                yield self._entry(source, path, "", split)
            for folder in folders_in(root):
                for path in pictures_under(folder):
                    yield self._entry(source, path, _identity(source, folder), split)

    def _entry(self, source: Path, path: Path, identity: str, split: OfficialSplit) -> PhotoEntry:
        key = f"{source.name}/{path.relative_to(source).as_posix()}"
        return PhotoEntry(key, source.name, identity, self.name, str(path), split=split if identity else "")


def _roots(source: Path) -> list[tuple[Path, OfficialSplit]]:
    """Return the folders whose folders are people, with the split that each is."""
    folders = folders_in(source)
    if not folders or any(folder.name.lower() not in _SPLITS for folder in folders):
        return [(source, "")]
    return [(folder, _SPLITS[folder.name.lower()]) for folder in folders]


def _identity(source: Path, folder: Path) -> str:
    return "" if folder.name == UNKNOWN else f"{source.name}:{folder.name}"


LAYOUT = PeopleFolders()
