"""WIDER FACE: `WIDER_train/images/EVENT/FILE.jpg` with `wider_face_split/wider_face_train_bbx_gt.txt`; no names.

The text holds for each picture its path, the number of faces, and a line `x y w h ...` for each. Every face of at
least 24 pixels is an entry of its own; smaller ones have no landmarks that could be found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from microface.errors import UserError
from microface.photos.layouts.layout import PhotoEntry, PictureFiles, table_lines

_PARTS = ("train", "val")
_TABLES = "wider_face_split"
_FOLDERS = (*(f"WIDER_{part}" for part in _PARTS), _TABLES)
_SMALLEST = 24
_INVALID = 7
"""Column of a face's line that says 1 where it is none."""
_BLUR, _OCCLUSION = 4, 8


@dataclass(frozen=True)
class MarkedFace:
    """A face as marked in the table: `box` (left, top, width, height); blur and occlusion 0 none, 1 some, 2 heavy.

    `invalid` faces are marks that show none. Columns that the table leaves out are 0.
    """

    box: tuple[float, float, float, float]
    blur: int = 0
    occlusion: int = 0
    invalid: bool = False


@dataclass(frozen=True)
class MarkedPicture:
    """A picture with all its marked faces, however small; `part` is train or val, `key` unique in the collection."""

    key: str
    part: str
    path: Path
    faces: tuple[MarkedFace, ...]


class Wider(PictureFiles):
    """The folder that holds `WIDER_train` or `WIDER_val`, and `wider_face_split`."""

    name = "wider"
    title = "WIDER FACE"
    order = 15
    needed = "unpack WIDER_train.zip there: WIDER_train/images/EVENT/FILE.jpg"

    def matches(self, source: Path) -> bool:
        """Say whether one of the folders of pictures, or the folder of tables, is there, or `source` is one of them."""
        return source.is_dir() and (
            any((source / folder).is_dir() for folder in _FOLDERS) or source.resolve().name in _FOLDERS
        )

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield every face that is large enough."""
        if source.resolve().name in _FOLDERS:
            raise UserError(source, f"is only a part of {self.title}", "give the folder that holds it")
        for picture in marked_pictures(source):
            for number, face in enumerate(picture.faces):
                if min(face.box[2:]) >= _SMALLEST and not face.invalid:
                    key = f"{picture.key}#{number}"
                    yield PhotoEntry(key, "wider", "", self.name, str(picture.path), box=face.box)


def marked_pictures(source: Path) -> Iterator[MarkedPicture]:
    """Yield the pictures of the collection at `source` that are there, in the tables' order."""
    for part in _PARTS:
        images = source / f"WIDER_{part}" / "images"
        if images.parent.is_dir():
            table = source / _TABLES / f"wider_face_{part}_bbx_gt.txt"
            if not table.is_file():
                raise UserError(table, "is missing", "unpack wider_face_split.zip beside WIDER_train")
            for file, faces in _pictures(table):
                if (images / file).is_file():
                    yield MarkedPicture(f"wider/{file}", part, images / file, tuple(map(_face, faces)))


def _face(numbers: list[float]) -> MarkedFace:
    padded = [*numbers, *[0.0] * (_OCCLUSION + 1 - len(numbers))]
    box = (padded[0], padded[1], padded[2], padded[3])
    return MarkedFace(box, int(padded[_BLUR]), int(padded[_OCCLUSION]), bool(padded[_INVALID]))


def _pictures(table: Path) -> Iterator[tuple[str, list[list[float]]]]:
    """Yield each picture's path and the numbers of its faces; without faces one line of zeros follows."""
    lines = table_lines(table)
    for line in lines:
        file, count = line.strip(), next(lines, "").strip()
        try:
            yield file, [[float(value) for value in next(lines, "").split()] for _ in range(max(1, int(count)))]
        except ValueError as error:
            raise UserError(table, f"is damaged at {file[:60]!r}", "unpack wider_face_split.zip again") from error


LAYOUT = Wider()
