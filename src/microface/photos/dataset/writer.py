"""Writing a shard: every file appears whole, and the shard counts only once the manifest names it."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from microface.files import atomic_write
from microface.photos.dataset.manifest import ShardInfo

_PRIVATE = 0o600
"""Embeddings and names are biometric data."""


@dataclass(frozen=True)
class Skipped:
    """A photo that was left out, why, and whose it is; `of` is the key of the photo that it copies."""

    key: str
    reason: str
    identity: str = ""
    of: str = ""

    def to_json(self) -> dict[str, str]:
        """Return a JSON-able dictionary without what is empty."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class ShardContent:
    """What goes into a shard: n crops uint8 of `shape` (H, W, 3), embeddings float32 [n, D], rows, and what is not."""

    crops: Sequence[np.ndarray]
    shape: tuple[int, int, int]
    embeddings: np.ndarray
    rows: Sequence[dict[str, Any]]
    skipped: Sequence[Skipped]


def write_shard(folder: Path, number: int, content: ShardContent) -> ShardInfo:
    """Write shard `number` to `folder`, crop by crop, and return what the manifest says of it."""
    splits = Counter(row["split"] for row in content.rows)
    reasons = Counter(each.reason for each in content.skipped)
    info = ShardInfo(number, len(content.rows), _sorted(splits), _sorted(reasons), {}, _native(content.rows))
    checksums = {what: _write(folder / info.file(what), parts) for what, parts in _files(content).items()}
    return replace(info, checksums=checksums)


def _native(rows: Sequence[dict[str, Any]]) -> int | None:
    """Return how many crops did not enlarge their photo; None when a row does not say."""
    known = all("enlarged" in row for row in rows)
    return sum(row["enlarged"] <= 1 for row in rows) if known else None


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _files(content: ShardContent) -> dict[str, Iterable[bytes]]:
    return {
        "crops": _npy(content.crops, np.dtype(np.uint8), content.shape),
        "embeddings": _npy(content.embeddings, np.dtype("<f4"), content.embeddings.shape[1:]),
        "rows": _lines(content.rows),
        "skipped": _lines([each.to_json() for each in content.skipped]),
    }


def _npy(items: Sequence[np.ndarray] | np.ndarray, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Iterable[bytes]:
    """Yield the bytes of an .npy file of `items`, each of `shape`."""
    head = io.BytesIO()
    about = {"descr": dtype.str, "fortran_order": False, "shape": (len(items), *shape)}
    np.lib.format.write_array_header_1_0(head, about)
    yield head.getvalue()
    for item in items:
        yield np.ascontiguousarray(item, dtype).tobytes()


def _lines(rows: Iterable[dict[str, Any]]) -> Iterable[bytes]:
    return (json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def _write(path: Path, parts: Iterable[bytes]) -> str:
    """Write `parts` to `path`, wholly or not at all, and return their SHA-256."""
    digest = hashlib.sha256()
    with atomic_write(path, _PRIVATE) as stream:
        for part in parts:
            stream.write(part)
            digest.update(part)
    return digest.hexdigest()
