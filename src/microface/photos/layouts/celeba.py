"""CelebA: `img_align_celeba/000001.jpg` or `img_celeba/`, with `identity_CelebA.txt` (`000001.jpg 2880`).

`list_eval_partition.txt` (0 train, 1 validation, 2 test) and, for `img_celeba`, `list_bbox_celeba.txt` are used where
they lie there. Tables may lie beside the pictures' folder or in `Anno`, `Eval` or `Img`, as in the archives.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from microface.errors import UserError
from microface.photos.layouts.layout import (
    OfficialSplit,
    PhotoEntry,
    PictureFiles,
    first_file,
    first_folder,
    table_lines,
)

_PICTURES = ("img_celeba", "img_align_celeba")
_IDENTITY, _PARTITION, _BOXES = "identity_CelebA.txt", "list_eval_partition.txt", "list_bbox_celeba.txt"
_SPLITS: tuple[OfficialSplit, ...] = ("train", "held_out", "held_out")
_NUMBER = re.compile(r"-?\d+")
Row = tuple[str, ...]
Box = tuple[float, float, float, float]


class CelebA(PictureFiles):
    """The folder that holds the pictures' folder and the tables, or the pictures' folder itself."""

    name = "celeba"
    title = "CelebA"
    order = 40
    needed = "unpack CelebA's pictures, as identity_CelebA.txt names them, into img_align_celeba or img_celeba"

    def matches(self, source: Path) -> bool:
        """Say whether a folder of CelebA's pictures or its table of identities is there."""
        return source.is_dir() and (_folder(source) is not None or _table(source, _IDENTITY) is not None)

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield the pictures that `identity_CelebA.txt` names and that are there."""
        source = source.resolve()
        folder, identities = _folder(source), _table(source, _IDENTITY)
        if folder is None:
            raise UserError(source, "holds no img_align_celeba or img_celeba", "unpack CelebA's pictures there")
        if identities is None:
            mend = "put it beside the folder, or prepare with --layout photos to do without names"
            raise UserError(source, f"holds CelebA's pictures, but no {_IDENTITY}", mend)
        boxes = _table(source, _BOXES) if folder.name == "img_celeba" else None
        tables = [_rows(identities, 2), _beside(_table(source, _PARTITION), 2), _beside(boxes, 5)]
        for rows in zip(*tables, strict=False):
            yield from self._entry(folder, identities, *rows)

    def _entry(self, folder: Path, table: Path, who: Row, partition: Row, box: Row) -> Iterator[PhotoEntry]:
        file, number = who
        if any(row and row[0] != file for row in (partition, box)):
            raise UserError(table, f"lists {file} where another table of CelebA does not", "take them of one version")
        if (folder / file).is_file():
            split, place = _SPLITS[int(partition[1]) % 3] if partition else "", _place(box)
            path = str(folder / file)
            yield PhotoEntry(f"celeba/{file}", "celeba", f"celeba:{number}", self.name, path, split=split, box=place)


def _place(row: Row) -> Box | None:
    x, y, w, h = map(float, row[1:] or (0, 0, 0, 0))
    return (x, y, w, h) if w > 0 and h > 0 else None


def _folder(source: Path) -> Path | None:
    source = source.resolve()
    if source.name in _PICTURES:
        return source
    return first_folder(tuple(source / inner / name for inner in (".", "Img") for name in _PICTURES))


def _table(source: Path, name: str) -> Path | None:
    roots = (source, source.resolve().parent) if source.resolve().name in _PICTURES else (source,)
    return first_file(tuple(root / inner / name for root in roots for inner in (".", "Anno", "Eval", "Img")))


def _rows(path: Path, columns: int) -> Iterator[Row]:
    """Yield the rows of a table; its lines before the first picture are a count and a heading."""
    for line in table_lines(path):
        row = tuple(line.split())
        if not row or not row[0].endswith((".jpg", ".png")):
            continue
        if len(row) != columns or not all(map(_NUMBER.fullmatch, row[1:])):
            raise UserError(path, f"has a damaged line {line[:40].strip()!r}", "download it again")
        yield row


def _beside(path: Path | None, columns: int) -> Iterator[Row]:
    """Yield the rows of an optional table, and empty ones for ever after its end or when there is none."""
    if path is not None:
        yield from _rows(path, columns)
    while True:
        yield ()


LAYOUT = CelebA()
