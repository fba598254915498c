"""Parquet tables of photos: columns `key`, `source`, `identity` ("" when unknown), `photo` (bytes of the picture).

Photos are read in shuffled order, so tables with row groups of about a thousand photos are the quickest to read.
"""

import bisect
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from microface.errors import UserError
from microface.photos.layouts.layout import PhotoEntry

_COLUMNS = ("key", "source", "identity", "photo")


class Parquet:
    """One `.parquet` file, or a folder of them."""

    name = "parquet"
    title = "Parquet tables"
    order = 10
    needed = "give tables that have rows"

    def matches(self, source: Path) -> bool:
        """Say whether `source` is a table or a folder with tables."""
        return bool(_tables(source))

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield all rows of all tables."""
        for path in _tables(source):
            yield from self._rows(path)

    def _rows(self, path: Path) -> Iterator[PhotoEntry]:
        table, first = _Table(path), 0
        for group in range(table.groups):
            columns = table.read(group, _COLUMNS[:3])
            rows = list(zip(*(columns.column(name).to_pylist() for name in _COLUMNS[:3]), strict=True))
            for row, (key, source, who) in enumerate(rows, first):
                yield PhotoEntry(key, source, who or "", self.name, str(path), row)
            first += len(rows)

    def read(self, entry: PhotoEntry) -> bytes:
        """Return the bytes of one photo."""
        path = Path(entry.file)
        group, row = _opened(path).place(entry.row)
        return bytes(_pictures(path, group)[row].as_py() or b"")


def _tables(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(source.glob("*.parquet"))
    return [source] if source.suffix == ".parquet" else []


class _Table:
    """An open table, read one row group at a time so that memory does not grow with its length."""

    def __init__(self, path: Path) -> None:
        try:
            from pyarrow import ArrowException, parquet
        except ImportError as error:
            raise UserError(path, "needs pyarrow", 'install it with `pip install "microface[train]"`') from error
        self.path, self._errors = path, (ArrowException, OSError, KeyError)
        try:
            self._file = parquet.ParquetFile(path, memory_map=True)
        except self._errors as error:
            raise self._unreadable() from error
        missing = set(_COLUMNS) - set(self._file.schema_arrow.names)
        if missing:
            raise UserError(path, f"has no column {min(missing)}", f"give columns {', '.join(_COLUMNS)}")
        sizes = (self._file.metadata.row_group(group).num_rows for group in range(self.groups))
        self._firsts = [0]
        for size in sizes:
            self._firsts.append(self._firsts[-1] + size)

    @property
    def groups(self) -> int:
        """Number of row groups."""
        return int(self._file.num_row_groups)

    def place(self, row: int) -> tuple[int, int]:
        """Return the row group of `row` and its number in that."""
        group = bisect.bisect_right(self._firsts, row) - 1
        return group, row - self._firsts[group]

    def read(self, group: int, columns: tuple[str, ...]) -> Any:
        """Return `columns` of a row group."""
        try:
            return self._file.read_row_group(group, columns=list(columns), use_threads=False)
        except self._errors as error:
            raise self._unreadable() from error

    def _unreadable(self) -> UserError:
        needed = f"give a Parquet file with columns {', '.join(_COLUMNS)}"
        return UserError(self.path, "is not a readable table of photos", needed)


@functools.lru_cache(maxsize=64)
def _opened(path: Path) -> _Table:
    return _Table(path)


@functools.lru_cache(maxsize=16)
def _pictures(path: Path, group: int) -> Any:
    return _opened(path).read(group, ("photo",)).column("photo")


LAYOUT = Parquet()
