"""Finding photos that are in a data set twice: by the photo's bytes, and by embeddings that nearly coincide.

Nearly equal embeddings are found by random hyperplanes (M. Charikar, "Similarity estimation techniques from rounding
algorithms", STOC 2002): rows are compared only where all signs of a table of 20 hyperplanes agree. At the cosine 0.98
one table finds a pair with probability (1 - acos(0.98) / pi)^20 = 0.26, 20 tables miss 1 pair in 450; exact copies are
never missed. Some 40 bytes a photo are held in memory.
"""

import functools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from microface.console import track
from microface.photos.dataset import Dataset, unit

_TABLES, _PLANES = 20, 20
_MOST_TOGETHER = 512
"""Rows of one code are compared with the first so many of it."""
_MAPPED = 16
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)
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
    sketch = _Sketch(source.signs(random.normal(size=(source.dimensions, 64)).astype(np.float32)), same)
    found: set[Pair] = set()
    for table in track(planes, "looking for copies"):
        for group in _groups(source.signs(table)):
            found |= {pair for pair in sketch.near(group) if pair not in found and source.cosine(*pair) >= same}
    return found


class _Sketch:
    """64 signs of every row, which tell most pairs that are not alike without reading their embeddings.

    Signs of rows at an angle a differ with probability a / pi each; four deviations above that are let through.
    """

    def __init__(self, signs: np.ndarray, same: float) -> None:
        chance = math.acos(same) / math.pi
        self._signs = signs
        self._most = 64 * chance + 4 * math.sqrt(64 * chance * (1 - chance))

    def near(self, rows: np.ndarray) -> Iterator[Pair]:
        """Yield the pairs of `rows` (ascending) that may be alike."""
        signs = self._signs[rows]
        different = signs[:, None] ^ signs[None, :_MOST_TOGETHER]
        bits = _BITS[different.view(np.uint8).reshape(*different.shape, 8)].sum(axis=2)
        for later, earlier in np.argwhere(bits <= self._most):
            if earlier < later:
                yield int(rows[earlier]), int(rows[later])


class _Embeddings:
    """All embeddings of a data set; few shards are mapped at a time."""

    def __init__(self, dataset: Dataset) -> None:
        self._shards = dataset.shards
        self._firsts = np.cumsum([0, *map(len, self._shards)])
        self._opened = functools.lru_cache(maxsize=_MAPPED)(self._open)
        self.dimensions = int(dataset.manifest.teacher["dimensions"])

    def _open(self, shard: int) -> np.ndarray:
        return self._shards[shard].map_embeddings()

    def signs(self, planes: np.ndarray) -> np.ndarray:
        """Return uint64 [N]: on which side of each of up to 64 `planes` [D, P] every embedding lies."""
        weights = np.uint64(1) << np.arange(planes.shape[1], dtype=np.uint64)
        parts = [((self._opened(at) @ planes) > 0) @ weights for at in range(len(self._shards))]
        return np.concatenate([np.zeros(0, np.uint64), *parts])

    def cosine(self, one: int, other: int) -> float:
        """Return the cosine of two rows."""
        pair = unit(np.stack([self._row(one), self._row(other)]))
        return float(pair[0] @ pair[1])

    def _row(self, row: int) -> np.ndarray:
        shard = int(np.searchsorted(self._firsts, row, side="right")) - 1
        return np.asarray(self._opened(shard)[row - self._firsts[shard]])
