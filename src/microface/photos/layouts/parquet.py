"""Parquet tables of photos: columns `key`, `source`, `identity` ("" when unknown), `photo` (bytes of the picture)."""

import functools
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

    def matches(self, source: Path) -> bool:
        """Say whether `source` is a table or a folder with tables."""
        return bool(_tables(source))

    def photos(self, source: Path) -> list[PhotoEntry]:
        """Return all rows of all tables."""
        return [entry for path in _tables(source) for entry in self._rows(path)]

    def _rows(self, path: Path) -> list[PhotoEntry]:
        columns = [_table(path, (name,)).column(name).to_pylist() for name in _COLUMNS[:3]]
        rows = enumerate(zip(*columns, strict=True))
        return [PhotoEntry(key, source, who or "", self.name, str(path), row) for row, (key, source, who) in rows]

    def read(self, entry: PhotoEntry) -> bytes:
        """Return the bytes of one photo."""
        return bytes(_pictures(Path(entry.file))[entry.row].as_py() or b"")


def _tables(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(source.glob("*.parquet"))
    return [source] if source.suffix == ".parquet" else []


@functools.lru_cache(maxsize=64)
def _pictures(path: Path) -> Any:
    """Return the column of pictures; tables stay mapped, since photos are read in shuffled order."""
    return _table(path, ("photo",)).column("photo")


def _table(path: Path, columns: tuple[str, ...]) -> Any:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise UserError(path, "needs pyarrow", 'install it with `pip install "microface[train]"`') from error
    try:
        return parquet.read_table(path, columns=list(columns), memory_map=True)
    except (ArrowException, OSError, KeyError) as error:
        missing = f"columns {', '.join(_COLUMNS)}"
        raise UserError(path, "is not a readable table of photos", f"give a Parquet file with {missing}") from error


LAYOUT = Parquet()
