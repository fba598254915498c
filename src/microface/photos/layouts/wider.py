"""WIDER FACE: `WIDER_train/images/EVENT/FILE.jpg` with `wider_face_split/wider_face_train_bbx_gt.txt`; no names.

The text holds for each picture its path, the number of faces, and a line `x y w h ...` for each. Every face of at
least 24 pixels is an entry of its own; smaller ones have no landmarks that could be found.
"""

from collections.abc import Iterator
from pathlib import Path

from microface.errors import UserError
from microface.photos.layouts.layout import PhotoEntry, PictureFiles

_PARTS = ("train", "val")
_SMALLEST = 24
_INVALID = 7
"""Column of a face's line that says 1 where it is none."""


class Wider(PictureFiles):
    """The folder that holds `WIDER_train` or `WIDER_val`, and `wider_face_split`."""

    name = "wider"
    title = "WIDER FACE"
    order = 15

    def matches(self, source: Path) -> bool:
        """Say whether one of the folders of pictures is there."""
        return any((source / f"WIDER_{part}").is_dir() for part in _PARTS)

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield every face that is large enough."""
        for part in _PARTS:
            images = source / f"WIDER_{part}" / "images"
            if images.parent.is_dir():
                yield from self._part(images, source / "wider_face_split" / f"wider_face_{part}_bbx_gt.txt")

    def _part(self, images: Path, table: Path) -> Iterator[PhotoEntry]:
        if not table.is_file():
            raise UserError(table, "is missing", "unpack wider_face_split.zip beside WIDER_train")
        for file, faces in _pictures(table):
            path = images / file
            for number, face in enumerate(faces if path.is_file() else []):
                if min(face[2:4]) >= _SMALLEST and not (len(face) > _INVALID and face[_INVALID]):
                    key, box = f"wider/{file}#{number}", (face[0], face[1], face[2], face[3])
                    yield PhotoEntry(key, "wider", "", self.name, str(path), box=box)


def _pictures(table: Path) -> Iterator[tuple[str, list[list[float]]]]:
    """Yield each picture's path and the numbers of its faces; without faces one line of zeros follows."""
    with table.open(encoding="utf-8") as stream:
        for line in stream:
            file, count = line.strip(), stream.readline().strip()
            try:
                yield file, [[float(value) for value in stream.readline().split()] for _ in range(max(1, int(count)))]
            except ValueError as error:
                raise UserError(table, f"is damaged at {file[:60]!r}", "unpack wider_face_split.zip again") from error


LAYOUT = Wider()
