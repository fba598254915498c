"""Writing a shard: every file appears whole, and the shard counts only once the manifest names it."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from microface.files import write_bytes
from microface.photos.dataset.manifest import ShardInfo

_PRIVATE = 0o600
"""Embeddings and names are biometric data."""


@dataclass(frozen=True)
class ShardContent:
    """What goes into a shard: crops uint8 [n, H, W, 3], embeddings float32 [n, D], rows, and (key, reason) left out."""

    crops: np.ndarray
    embeddings: np.ndarray
    rows: Sequence[dict[str, Any]]
    skipped: Sequence[tuple[str, str]]


def write_shard(folder: Path, number: int, content: ShardContent) -> ShardInfo:
    """Write shard `number` to `folder` and return what the manifest says of it."""
    splits = Counter(row["split"] for row in content.rows)
    reasons = Counter(reason for _, reason in content.skipped)
    info = ShardInfo(number, len(content.rows), dict(sorted(splits.items())), dict(sorted(reasons.items())), {})
    checksums = {what: _write(folder / info.file(what), data) for what, data in _files(content).items()}
    return replace(info, checksums=checksums)


def _files(content: ShardContent) -> dict[str, bytes]:
    skipped = [{"key": key, "reason": reason} for key, reason in content.skipped]
    return {
        "crops": _npy(content.crops),
        "embeddings": _npy(content.embeddings),
        "rows": _lines(content.rows),
        "skipped": _lines(skipped),
    }


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _write(path: Path, data: bytes) -> str:
    write_bytes(path, data, _PRIVATE)
    return hashlib.sha256(data).hexdigest()
