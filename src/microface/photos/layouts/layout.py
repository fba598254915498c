"""What a layout of a photo collection must do."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from microface.errors import UserError
from microface.files import read_bytes

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
FOREIGN = frozenset({".heic", ".heif", ".avif", ".tif", ".tiff", ".gif"})
"""Pictures that are not read: they are listed, so that their owner is told that they were left out."""
OfficialSplit = Literal["", "train", "held_out"]


@dataclass(frozen=True)
class PhotoEntry:
    """One photo of a collection, or one face of a photo: whose it is and where its bytes lie.

    `key` is unique in the collection; `identity` is "" when unknown, and equal ones mean the same person in whatever
    collection. `file` holds the photo, at `row` where it holds many. `name` is the person's readable name where the
    identity is a number. `split` is the collection's own split, "" when it has none. `box` (left, top, width, height
    in pixels) says where the face lies, where the collection tells: then no other face of the photo is taken.
    """

    key: str
    source: str
    identity: str
    layout: str
    file: str
    row: int = 0
    name: str = ""
    split: OfficialSplit = ""
    box: tuple[float, float, float, float] | None = None

    @property
    def person(self) -> str:
        """The person's readable name; without one the identity less its collection; "" when unknown."""
        return self.name or self.identity.partition(":")[2]


class Layout(Protocol):
    """A way in which collections of photos are stored."""

    name: str
    title: str
    order: int
    """Layouts are asked in ascending order; the plain ones, which take anything, come late."""
    needed: str
    """What to do where a collection of this layout holds no photos."""

    def matches(self, source: Path) -> bool:
        """Say whether `source`, which exists, is such a collection, perhaps with something missing."""
        ...

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield its photos in a fixed order, never holding them all; what is missing is a `UserError`."""
        ...

    def read(self, entry: PhotoEntry) -> bytes:
        """Return the bytes of one photo."""
        ...


class PictureFiles:
    """Reading for all layouts whose photos are files of their own."""

    def read(self, entry: PhotoEntry) -> bytes:
        """Return the bytes of one photo."""
        return read_bytes(Path(entry.file))


def table_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a collection's table, one in memory at a time; one that is no text is a `UserError`."""
    try:
        with path.open(encoding="utf-8") as stream:
            yield from stream
    except UnicodeDecodeError as error:
        raise UserError(path, "is damaged: not UTF-8 text", "unpack or download it again") from error
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror})", "unpack or download it again") from error


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures directly in `folder`, sorted; hidden files are left aside."""
    return [folder / name for name in _names(folder, pictures=True)]


def folders_in(folder: Path) -> list[Path]:
    """Return the folders directly in `folder`, sorted; hidden ones are left aside."""
    return [folder / name for name in _names(folder, pictures=False)]


def pictures_under(folder: Path) -> Iterator[Path]:
    """Yield the pictures in `folder` and in the folders within it, at any depth, folder by folder."""
    yield from pictures_in(folder)
    for inner in folders_in(folder):
        yield from pictures_under(inner)


def has_pictures(folder: Path) -> bool:
    """Say whether a picture lies in `folder` or at any depth below it."""
    return next(pictures_under(folder), None) is not None


def is_hollow(folder: Path, *signs: str) -> bool:
    """Say whether one of the names `signs` lies in `folder` but no picture at all: something was not unpacked."""
    return any((folder / sign).exists() for sign in signs) and not has_pictures(folder)


def first_folder(places: tuple[Path, ...]) -> Path | None:
    """Return the first of `places` that is a folder."""
    return next((place for place in places if place.is_dir()), None)


def first_file(places: tuple[Path, ...]) -> Path | None:
    """Return the first of `places` that is a file."""
    return next((place for place in places if place.is_file()), None)


def _names(folder: Path, pictures: bool) -> list[str]:
    with os.scandir(folder) as entries:
        shown = [entry for entry in entries if not entry.name.startswith(".")]
        if pictures:
            wanted = PICTURES | FOREIGN
            return sorted(each.name for each in shown if Path(each.name).suffix.lower() in wanted and each.is_file())
        return sorted(each.name for each in shown if each.is_dir())
