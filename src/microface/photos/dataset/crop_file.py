"""Crops of a shard that are read one by one.

A mapped file's pages count as memory of the process for as long as it runs, and every mapping keeps a file open:
training reads all crops of all shards, so it reads them like this.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microface.errors import DamagedFileError


@dataclass(frozen=True)
class CropFile:
    """The crops uint8 of `shape` [n, H, W, 3] that begin at byte `offset` of the file `path`."""

    path: Path
    shape: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, path: Path, mapped: np.memmap) -> "CropFile":
        """Return the crops of `path`, whose mapping says where they lie."""
        return cls(path, mapped.shape, mapped.offset)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: int | np.integer | np.ndarray) -> np.ndarray:
        """Return the crop uint8 [H, W, 3] of one row, or [k, H, W, 3] of an array of rows."""
        if isinstance(rows, np.ndarray):
            return np.stack([self[row] for row in rows]) if len(rows) else np.empty((0, *self.shape[1:]), np.uint8)
        crop = np.empty(self.shape[1:], np.uint8)
        try:
            with self.path.open("rb", buffering=0) as stream:
                stream.seek(self.offset + int(rows) * crop.nbytes)
                read = stream.readinto(crop.data)
        except OSError as error:
            raise self._damaged() from error
        if read != crop.nbytes:
            raise self._damaged()
        return crop

    def _damaged(self) -> DamagedFileError:
        return DamagedFileError(self.path, "cannot be read to its end", "run `microface prepare` again")
