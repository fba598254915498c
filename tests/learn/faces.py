"""A small data set of drawn patterns whose teacher's embedding is a known function of the pattern."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np

from microface.photos.dataset import Manifest, ShardInfo
from microface.photos.preprocess import Preprocess

CROP = Preprocess.aligned(32, margin=2)
"""Crops are 36 x 36; their middle 32 x 32 is what a network of 32 x 32 reads."""
NET = {"resolution": 32, "stem": 4, "fused": 8, "early": 8, "middle": 12, "late": 16, "middle_blocks": 1,
       "late_blocks": 1, "last_channels": 64, "embedding": 512}  # fmt: skip


def write_dataset(
    folder: Path, people: int = 60, photos: int = 12, shards: int = 2, unnamed: int = -1, crop: Preprocess = CROP
) -> Path:
    """Write crops (a grid of 3 x 3 colours a person, with noise) and their teacher's embeddings to `folder`.

    Person number `unnamed` has no name in the rows. The sides of `crop` are multiples of 3.
    """
    random = np.random.default_rng(3)
    grids = random.uniform(-1, 1, (people, 27)).astype(np.float32)
    owners = random.permutation(np.repeat(np.arange(people), photos))
    seen = grids[owners] + 0.15 * random.normal(size=(len(owners), 27)).astype(np.float32)
    embeddings = seen @ random.normal(size=(27, 512)).astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    infos = []
    for number, rows in enumerate(np.array_split(np.arange(len(owners)), shards)):
        np.save(folder / f"crops-{number:05d}.npy", np.stack([_picture(seen[row], crop) for row in rows]))
        np.save(folder / f"embeddings-{number:05d}.npy", embeddings[rows])
        lines = [_row(int(row), int(owners[row]), unnamed) for row in rows]
        (folder / f"rows-{number:05d}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
        infos.append(_info(folder, number, lines))
    Manifest(crop, {"sha256": "drawn"}, {"drawn": True}, "drawn", len(owners), shards, tuple(infos)).save(folder)
    return folder


def _picture(grid: np.ndarray, crop: Preprocess) -> np.ndarray:
    whole = np.kron(grid.reshape(3, 3, 3), np.ones((crop.height // 3, crop.width // 3, 1)))
    return np.clip(128 + 90 * whole, 0, 255).astype(np.uint8)


def _row(number: int, owner: int, unnamed: int) -> dict[str, str]:
    split = "held_out" if owner % 4 == 0 else "train"
    identity = "" if owner == unnamed else f"person{owner}"
    return {"key": f"photo{number}", "source": "drawn", "identity": identity, "split": split}


def _info(folder: Path, number: int, rows: list[dict[str, str]]) -> ShardInfo:
    names = {what: f"{what}-{number:05d}.npy" for what in ("crops", "embeddings")} | {
        "rows": f"rows-{number:05d}.jsonl"
    }
    sums = {what: hashlib.sha256((folder / name).read_bytes()).hexdigest() for what, name in names.items()}
    return ShardInfo(number, len(rows), dict(Counter(row["split"] for row in rows)), {}, sums)
