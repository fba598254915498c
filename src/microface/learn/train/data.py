"""The crops and teacher's embeddings of a data set as training reads them: batches that are a function of a seed."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from microface.errors import UserError
from microface.learn.train.augment import augmented
from microface.learn.train.config import TrainConfig

NEAR = 0.45
"""Teacher's cosine from which an unnamed photo is not trained on when a held-out person looks like it."""


@dataclass(frozen=True)
class Photos:
    """Crops uint8 [n, H, W, 3] in shards, rows `index` int64 [N, 2] (shard, row), targets, and whose they are.

    `targets` float32 [N, D] have length 1; `people` int64 [N], -1 for an unnamed person; `content` is the side of
    the centre of a crop that the network reads.
    """

    shards: tuple[np.ndarray, ...]
    index: np.ndarray
    targets: np.ndarray
    people: np.ndarray
    content: int

    def __len__(self) -> int:
        return len(self.index)

    def crops(self, rows: np.ndarray) -> np.ndarray:
        """Return the crops uint8 [len(rows), H, W, 3] of `rows`."""
        return np.stack([self.shards[shard][row] for shard, row in self.index[rows]])


def open_photos(folder: Path, resolution: int) -> tuple[Photos, Photos]:
    """Return the (training, held-out) photos of the data set in `folder` for a network of `resolution`."""
    paths = sorted(folder.glob("rows-*.jsonl"))
    if not paths:
        raise UserError(folder, "holds no data set", "make one with `microface prepare`")
    shards = tuple(np.load(path.with_name(_sibling(path, "crops")), mmap_mode="r") for path in paths)
    embeddings = [np.load(path.with_name(_sibling(path, "embeddings"))) for path in paths]
    rows = [[json.loads(line) for line in path.read_text().splitlines()] for path in paths]
    index = np.array([(i, j) for i, part in enumerate(rows) for j in range(len(part))], np.int64)
    flat = [row for part in rows for row in part]
    targets = np.concatenate(embeddings).astype(np.float32)
    targets /= np.maximum(np.linalg.norm(targets, axis=1, keepdims=True), 1e-12)
    names = {name: number for number, name in enumerate(sorted({row["identity"] for row in flat} - {""}))}
    people = np.array([names.get(row["identity"], -1) for row in flat], np.int64)
    held = np.array([row["split"] == "held_out" for row in flat])
    training = ~held & ~_strangers_near(targets, people, held)
    return _part(shards, index, targets, people, training), _part(shards, index, targets, people, held)


def _strangers_near(targets: np.ndarray, people: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Say of each photo [N] whether it is unnamed and so near to a held-out one that it may show that person."""
    near = np.zeros(len(targets), bool)
    unnamed = np.flatnonzero((people < 0) & ~held)
    for part in np.array_split(unnamed, max(1, len(unnamed) // 4096)):
        near[part] = (targets[part] @ targets[held].T).max(axis=1, initial=-1.0) >= NEAR
    return near


def _sibling(path: Path, what: str) -> str:
    return path.name.replace("rows", what).replace(".jsonl", ".npy")


def _part(
    shards: tuple[np.ndarray, ...], index: np.ndarray, targets: np.ndarray, people: np.ndarray, mask: np.ndarray
) -> Photos:
    content = shards[0].shape[1] * 96 // 104
    return Photos(shards, index[mask], targets[mask], people[mask], content)


def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Return the rows 0..count-1 in the order of `epoch`."""
    return np.random.default_rng((seed, epoch)).permutation(count)


@dataclass(frozen=True)
class Batch:
    """Bytes uint8 [n, size, size, 3] and targets float32 [n, D]."""

    crops: np.ndarray
    targets: np.ndarray


def make_batch(photos: Photos, config: TrainConfig, epoch: int, number: int, size: int) -> Batch:
    """Return batch `number` of `epoch` at `size` pixels; the same arguments give the same batch."""
    rows = order(len(photos), config.seed, epoch)[number * config.batch : (number + 1) * config.batch]
    random = np.random.default_rng((config.seed, epoch, number))
    crops = augmented(photos.crops(rows), size, photos.content, config.augmentation, random)
    return Batch(crops, photos.targets[rows])


class Loader:
    """Makes the next batch in a thread while the network works on this one."""

    def __init__(self, photos: Photos, config: TrainConfig) -> None:
        cv2.setNumThreads(1)
        self.photos, self.config = photos, config
        self.batches = len(photos) // config.batch
        if self.batches == 0:
            raise UserError(config.data, f"has only {len(photos)} photos to train on", f"a batch needs {config.batch}")

    def batch(self, epoch: int, number: int, size: int) -> Batch:
        """Return batch `number` of `epoch` at `size` pixels."""
        return make_batch(self.photos, self.config, epoch, number, size)

    def epoch(self, epoch: int, first: int, size: Callable[[int], int]) -> Iterator[Batch]:
        """Yield the batches of `epoch` from number `first` on; `size` gives the side in pixels of a batch's crops."""
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self.batch, epoch, first, size(first))
            for number in range(first + 1, self.batches + 1):
                batch = coming.result()
                if number < self.batches:
                    coming = pool.submit(self.batch, epoch, number, size(number))
                yield batch
