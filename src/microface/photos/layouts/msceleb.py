"""MS-Celeb-1M-v1c: a folder per class (`m.0xyz/`) with pictures, or a list of lines `path label` beside them.

`Top1M_MidList.Name.tsv`, where it lies beside the folders, gives the classes their names.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from microface.errors import UserError
from microface.photos.layouts.layout import (
    PICTURES,
    PhotoEntry,
    PictureFiles,
    folders_in,
    is_hollow,
    pictures_under,
    table_lines,
)

_CLASS = re.compile(r"m\.[0-9a-z_]+")
_NAMES = "Top1M_MidList.Name.tsv"
_LISTS = frozenset({".txt", ".lst", ".list"})


class MsCeleb(PictureFiles):
    """The folder of the classes, the folder with one list, or the list."""

    name = "msceleb"
    title = "MS-Celeb-1M-v1c"
    order = 50
    needed = "give folders like m.0xyz with pictures, or a list of `path label` beside the pictures"

    def matches(self, source: Path) -> bool:
        """Say whether the folders are called like m.0xyz, or a list of `path label` or the table of names is there."""
        if source.is_file():
            return source.suffix in _LISTS and bool(_first(source)[1])
        return bool(_classes(source)) or _list(source) is not None or is_hollow(source, _NAMES)

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield the photos of all classes."""
        source = source.resolve()
        classes, listed = _classes(source), _list(source)
        if source.is_file() and listed is None:
            raise UserError(
                source, f"begins with {_first(source)[0]}, which is not there", "put it beside the pictures"
            )
        if not classes and listed is None:
            raise UserError(source, "holds neither folders m.0xyz nor a list", "give the folder of the classes")
        yield from self._listed(listed) if listed else self._folders(source, classes)

    def _folders(self, source: Path, classes: list[Path]) -> Iterator[PhotoEntry]:
        names = _names(source, {folder.name for folder in classes})
        for folder in classes:
            for path in pictures_under(folder):
                key = f"msceleb/{path.relative_to(source).as_posix()}"
                yield self._entry(key, folder.name, path, names.get(folder.name, ""))

    def _listed(self, path: Path) -> Iterator[PhotoEntry]:
        for file, label in _lines(path):
            yield self._entry(f"msceleb/{file}", label, path.parent / file, "")

    def _entry(self, key: str, label: str, path: Path, name: str) -> PhotoEntry:
        return PhotoEntry(key, "msceleb", f"msceleb:{label}", self.name, str(path), name=name)


def _classes(source: Path) -> list[Path]:
    folders = folders_in(source) if source.is_dir() else []
    return folders if folders and all(_CLASS.fullmatch(folder.name) for folder in folders[:5]) else []


def _list(source: Path) -> Path | None:
    """Return the one list of `path label` that `source` is or holds."""
    if source.is_file():
        return source if source.suffix in _LISTS and _is_list(source) else None
    found = [path for path in sorted(source.iterdir()) if path.suffix in _LISTS and _is_list(path)]
    return found[0] if len(found) == 1 else None


def _is_list(path: Path) -> bool:
    """Say whether the first line names a picture that is there, in a folder, and then a label."""
    file, label = _first(path)
    return bool(label) and "/" in file and (path.parent / file).is_file()


def _first(path: Path) -> tuple[str, str]:
    """Return path and label of the first line of a list; empty ones where it is no such list."""
    with path.open(encoding="utf-8", errors="replace") as stream:
        return _split(stream.readline())


def _split(line: str) -> tuple[str, str]:
    parts = line.strip().replace("\t", " ").rsplit(" ", 1)
    good = len(parts) == 2 and Path(parts[0]).suffix.lower() in PICTURES
    return (parts[0].strip().replace("\\", "/"), parts[1]) if good else ("", "")


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in table_lines(path):
        file, label = _split(line)
        if file:
            yield file, label
        elif line.strip():
            raise UserError(path, f"has a line {line[:40].strip()!r}", "every line must be `path label`")


def _names(source: Path, classes: set[str]) -> dict[str, str]:
    """Return the first name of each of `classes` in the published table (`m.0xyz` TAB `"Name"@en`)."""
    path = source / _NAMES
    names: dict[str, str] = {}
    if path.is_file():
        for line in table_lines(path):
            label, _, name = line.strip().partition("\t")
            if label in classes:
                names.setdefault(label, name.rpartition("@")[0].strip('"') or name)
    return names


LAYOUT = MsCeleb()
