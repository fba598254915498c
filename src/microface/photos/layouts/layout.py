"""What a layout of a photo collection must do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})


@dataclass(frozen=True)
class PhotoEntry:
    """One photo of a collection: a `key` unique in it, its `source`, whose it is, and where its bytes lie.

    `identity` is "" when unknown; equal names mean the same person, in whatever collection. `file` holds the
    photo, at `row` where it holds many.
    """

    key: str
    source: str
    identity: str
    layout: str
    file: str
    row: int = 0


class Layout(Protocol):
    """A way in which collections of photos are stored."""

    name: str
    title: str
    order: int
    """Layouts are asked in ascending order; the plain ones, which take anything, come late."""

    def matches(self, source: Path) -> bool:
        """Say whether `source`, which exists, is such a collection."""
        ...

    def photos(self, source: Path) -> list[PhotoEntry]:
        """Return its photos, sorted by key."""
        ...

    def read(self, entry: PhotoEntry) -> bytes:
        """Return the bytes of one photo."""
        ...


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures directly in `folder`, sorted; hidden files are left aside."""
    files = (path for path in folder.iterdir() if path.suffix.lower() in PICTURES and not path.name.startswith("."))
    return sorted(path for path in files if path.is_file())


def folders_in(folder: Path) -> list[Path]:
    """Return the folders directly in `folder`, sorted; hidden ones are left aside."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
