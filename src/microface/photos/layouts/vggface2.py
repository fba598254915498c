"""VGGFace2: `train|test/n000002/0001_01.jpg`, `meta/identity_meta.csv`, `bb_landmark/loose_bb_train.csv`.

The tables are optional: the first gives people's names, the others the box of the face that is meant. People of
`test` are held out where `train` lies beside it; officially no person is in both.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from microface.errors import UserError
from microface.photos.layouts.layout import (
    OfficialSplit,
    PhotoEntry,
    PictureFiles,
    first_file,
    folders_in,
    is_hollow,
    pictures_in,
    table_lines,
)

_PERSON = re.compile(r"n\d{6}")
_TABLES = ("meta/identity_meta.csv", "identity_meta.csv", "bb_landmark")
_PARTS: dict[str, OfficialSplit] = {"train": "train", "test": "held_out"}
Box = tuple[float, float, float, float]


class VggFace2(PictureFiles):
    """The folder that holds `train` and `test`, or one of the two."""

    name = "vggface2"
    title = "VGGFace2"
    order = 20
    needed = "unpack vggface2_train.tar.gz there: train/n000002/0001_01.jpg"

    def matches(self, source: Path) -> bool:
        """Say whether people are called like n000002, in `source` or its `train` or `test`, or these are empty."""
        parts = (source, *(source / part for part in _PARTS))
        return source.is_dir() and (any(map(_is_part, parts)) or is_hollow(source, *_PARTS, *_TABLES))

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield the photos of all people, class by class."""
        parts = [part for part in _PARTS if (source / part).is_dir()]
        if not _is_part(source) and not parts:
            raise UserError(source, "holds neither train nor test of VGGFace2", self.needed)
        if _is_part(source):
            yield from self._part(source.resolve(), source.resolve().parent, "")
            return
        for part in parts:
            yield from self._part(source / part, source, _PARTS[part] if len(parts) > 1 else "")

    def _part(self, folder: Path, root: Path, split: OfficialSplit) -> Iterator[PhotoEntry]:
        names, boxes = _names(root), _Boxes(root, folder.name)
        for person in folders_in(folder):
            places = boxes.of(person.name)
            for path in pictures_in(person):
                key = f"vggface2/{folder.name}/{person.name}/{path.name}"
                who, box = f"vggface2:{person.name}", places.get(f"{person.name}/{path.stem}")
                name = names.get(person.name, "")
                yield PhotoEntry(key, "vggface2", who, self.name, str(path), name=name, split=split, box=box)


def _is_part(folder: Path) -> bool:
    people = folders_in(folder)[:5] if folder.is_dir() else []
    return bool(people) and all(_PERSON.fullmatch(person.name) for person in people)


def _names(root: Path) -> dict[str, str]:
    """Return the readable names of `identity_meta.csv` (columns Class_ID, Name, ...), some 9,131."""
    path = first_file(tuple(root / table for table in _TABLES[:2]))
    if path is None:
        return {}
    rows = csv.reader(table_lines(path), skipinitialspace=True)
    try:
        return {row[0].strip(): row[1].strip() for row in rows if len(row) > 1}
    except csv.Error as error:
        raise UserError(path, f"is damaged ({error})", "unpack it again") from error


class _Boxes:
    """The boxes of `loose_bb_train.csv` (NAME_ID, X, Y, W, H): read class by class, for there are three million."""

    def __init__(self, root: Path, part: str) -> None:
        file = f"loose_bb_{part}.csv"
        self._path = first_file((root / "bb_landmark" / file, root / file, root / "meta" / file))
        self._places = _class_places(self._path) if self._path else {}

    def of(self, person: str) -> dict[str, Box]:
        """Return the boxes of the photos of `person` by NAME_ID."""
        if self._path is None or person not in self._places:
            return {}
        start, length = self._places[person]
        with self._path.open("rb") as stream:
            stream.seek(start)
            content = stream.read(length)
            try:
                rows = csv.reader(content.decode().splitlines(), skipinitialspace=True)
                return {name: (float(x), float(y), float(w), float(h)) for name, x, y, w, h in rows}
            except (ValueError, csv.Error) as error:
                raise UserError(self._path, f"has a damaged line for {person}", "unpack it again") from error


def _class_places(path: Path) -> dict[str, tuple[int, int]]:
    """Return {person: (first byte, bytes)} of the lines of each person, which stand together."""
    places: dict[str, tuple[int, int]] = {}
    at = 0
    with path.open("rb") as stream:
        for line in stream:
            person = line.split(b"/")[0].strip(b' "').decode(errors="replace")
            if b"/" in line:
                start, length = places.get(person, (at, 0))
                places[person] = (start, length + len(line))
            at += len(line)
    return places


LAYOUT = VggFace2()
