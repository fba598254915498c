"""Finding photos that are in a data set twice: by the photo's bytes, and by embeddings that nearly coincide.

Nearly equal embeddings are found by random hyperplanes (M. Charikar, "Similarity estimation techniques from rounding
algorithms", STOC 2002): rows are compared only where all signs of a table of 20 hyperplanes agree. At the cosine 0.98
one table finds a pair with probability (1 - acos(0.98) / pi)^20 = 0.26, 20 tables miss 1 pair in 450; exact copies are
never missed. One table's codes are held at a time: 12 bytes a photo.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from microface.console import track
from microface.photos.dataset import Dataset, unit

_TABLES, _PLANES = 20, 20
_MOST_TOGETHER = 512
"""Rows of one code are compared with the first so many of it."""
Pair = tuple[int, int]


def copies(dataset: Dataset, same: float) -> dict[int, int]:
    """Return {row: the row that it copies}, rows counted through all shards; the earlier one stays.

    Rows with a name come before those without; `same` is the cosine from which two photos are one (0: equal bytes
    only).
    """
    prints, unnamed = _prints(dataset)
    pairs = set(_equal(prints))
    if same:
        pairs |= _alike(dataset, same)
    return _later(pairs, unnamed)


def _later(pairs: Iterable[Pair], unnamed: np.ndarray) -> dict[int, int]:
    """Return {row that goes: row that stays}: of all rows that pairs join, the first with a name stays."""
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        while parent.setdefault(row, row) != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for pair in pairs:
        ends = sorted(map(root, pair), key=lambda row: (bool(unnamed[row]), row))
        parent[ends[1]] = ends[0]
    return {row: root(row) for row in sorted(parent) if root(row) != row}


def _prints(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the fingerprints uint64 [N] of all photos (0 where there is none), and whether they have no name."""
    parts = [_of_rows(rows) for rows in _rows(dataset)]
    empty = (np.zeros(0, np.uint64), np.zeros(0, bool))
    prints, unnamed = zip(empty, *parts, strict=True)
    return np.concatenate(prints), np.concatenate(unnamed)


def _rows(dataset: Dataset) -> Iterator[list[dict[str, Any]]]:
    for shard in dataset.shards:
        yield shard.read_rows()


def _of_rows(rows: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    prints = np.array([int(row.get("photo", "0"), 16) for row in rows], np.uint64)
    return prints, np.array([not row["identity"] for row in rows], bool)


def _equal(prints: np.ndarray) -> Iterator[Pair]:
    """Yield the pairs of rows with equal fingerprints, each with the first of its kind."""
    for group in _groups(prints):
        if prints[group[0]]:
            yield from ((int(group[0]), int(row)) for row in group[1:])


def _groups(codes: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of every value that occurs more than once, in ascending order."""
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    starts = np.concatenate([[0], ends])
    sizes = np.diff(np.concatenate([starts, [len(codes)]]))
    for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
        yield order[start : start + size]


def _alike(dataset: Dataset, same: float) -> set[Pair]:
    """Return the pairs of rows whose cosine reaches `same`."""
    source = _Embeddings(dataset)
    random = np.random.default_rng(0)
    planes = random.normal(size=(_TABLES, source.dimensions, _PLANES)).astype(np.float32)
    found: set[Pair] = set()
    for table in track(planes, "looking for copies"):
        for group in _groups(source.codes(table)):
            found |= set(source.near(group, same))
    return found


class _Embeddings:
    """All embeddings of a data set, read from their shards when they are asked for."""

    def __init__(self, dataset: Dataset) -> None:
        self._shards = [shard.map_embeddings() for shard in dataset.shards]
        self._firsts = np.cumsum([0, *map(len, self._shards)])
        self.dimensions = int(dataset.manifest.teacher["dimensions"])

    def codes(self, planes: np.ndarray) -> np.ndarray:
        """Return uint32 [N]: on which side of each of the `planes` [D, 20] every embedding lies."""
        weights = (1 << np.arange(planes.shape[1])).astype(np.uint32)
        parts = [((shard @ planes) > 0) @ weights for shard in self._shards]
        return np.concatenate([np.zeros(0, np.uint32), *parts]).astype(np.uint32)

    def near(self, rows: np.ndarray, same: float) -> Iterator[Pair]:
        """Yield the pairs of `rows` (ascending) whose cosine reaches `same`."""
        first, embeddings = rows[:_MOST_TOGETHER], unit(self._take(rows))
        for later, earlier in np.argwhere(embeddings @ embeddings[: len(first)].T >= same):
            if earlier < later:
                yield int(rows[earlier]), int(rows[later])

    def _take(self, rows: np.ndarray) -> np.ndarray:
        places = np.searchsorted(self._firsts, rows, side="right") - 1
        return np.stack([self._shards[s][r - self._firsts[s]] for s, r in zip(places, rows, strict=True)])
