"""The crops and teacher's embeddings of a data set as training reads them: batches that are a function of a seed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from microface.errors import UserError
from microface.learn.train.augment import augmented
from microface.learn.train.config import TrainConfig
from microface.learn.train.schedule import View
from microface.photos.align import TEMPLATE_EYE_DISTANCE, TEMPLATE_SIZE
from microface.photos.dataset import Dataset

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

    def only(self, mask: np.ndarray) -> "Photos":
        """Return the photos where `mask` bool [N] is true."""
        return replace(self, index=self.index[mask], targets=self.targets[mask], people=self.people[mask])

    def turned(self, directions: np.ndarray) -> "Photos":
        """Return the photos with targets projected on `directions` float32 [D, d] and brought to length 1."""
        return replace(self, targets=unit_rows(self.targets @ directions))

    def crops(self, rows: np.ndarray) -> np.ndarray:
        """Return the crops uint8 [len(rows), H, W, 3] of `rows`."""
        return np.stack([self.shards[shard][row] for shard, row in self.index[rows]])


def open_photos(folder: Path, dimensions: int = 0) -> tuple[Photos, Photos]:
    """Return the (training, held-out) photos of the data set in `folder`, which holds square, aligned crops.

    Targets have `dimensions` values (0: as many as the teacher's): its directions that vary most in training photos.
    """
    dataset = Dataset.open(folder, verify=False)
    content, parts = _content(dataset), [shard for shard in dataset.shards if len(shard)]
    if not parts:
        raise UserError(folder, "holds a data set without photos", "prepare it from more photos")
    shards = tuple(shard.crops for shard in parts)
    index = np.array([(i, j) for i, shard in enumerate(parts) for j in range(len(shard))], np.int64)
    rows = [row for shard in parts for row in shard.rows]
    targets = np.concatenate([shard.embeddings for shard in parts]).astype(np.float32)
    targets = unit_rows(targets)
    people, held = _people(rows), np.array([row["split"] == "held_out" for row in rows])
    training = ~held & ~_strangers_near(targets, people, held)
    whole = Photos(shards, index, targets, people, content)
    return _projected(whole.only(training), whole.only(held), dimensions or targets.shape[1])


def _projected(training: Photos, held_out: Photos, dimensions: int) -> tuple[Photos, Photos]:
    """Return both with targets of `dimensions` values: projected on the leading eigenvectors of training's targets."""
    width = training.targets.shape[1]
    if dimensions == width:
        return training, held_out
    if dimensions > width:
        raise UserError(f"embedding {dimensions}", f"is longer than the teacher's {width}", f"choose {width} or less")
    _, vectors = np.linalg.eigh((training.targets.T @ training.targets).astype(np.float64))
    leading = vectors[:, ::-1][:, :dimensions].astype(np.float32)
    return training.turned(leading), held_out.turned(leading)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Return `rows` float32 [N, D], each divided by its length."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def _content(dataset: Dataset) -> int:
    """Return the side of the centre that the network reads; what lies around it is margin for augmentation."""
    crop = dataset.manifest.preprocess
    if crop.geometry != "aligned" or crop.width != crop.height:
        raise UserError(dataset.folder, "does not hold square, aligned crops", "prepare it with --crop aligned")
    return round(crop.eye_distance * TEMPLATE_SIZE / TEMPLATE_EYE_DISTANCE)


def _people(rows: list[dict[str, Any]]) -> np.ndarray:
    """Return int64 [N]: a number per named person, -1 where there is no name."""
    names = {name: number for number, name in enumerate(sorted({row["identity"] for row in rows} - {""}))}
    return np.array([names.get(row["identity"], -1) for row in rows], np.int64)


def _strangers_near(targets: np.ndarray, people: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Say of each photo [N] whether it is unnamed and so near to a held-out one that it may show that person."""
    near = np.zeros(len(targets), bool)
    unnamed = np.flatnonzero((people < 0) & ~held)
    for part in np.array_split(unnamed, max(1, len(unnamed) // 4096)):
        near[part] = (targets[part] @ targets[held].T).max(axis=1, initial=-1.0) >= NEAR
    return near


def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Return the rows 0..count-1 in the order of `epoch`."""
    return np.random.default_rng((seed, epoch)).permutation(count)


Place = tuple[int, int]
"""Epoch and number of a batch in it."""


@dataclass(frozen=True)
class Batch:
    """Bytes uint8 [n, size, size, 3] and targets float32 [m, D]: first theirs, then those of the other parts."""

    crops: np.ndarray
    targets: np.ndarray


def make_batch(photos: Photos, config: TrainConfig, place: Place, view: View, part: int = 0, parts: int = 1) -> Batch:
    """Return `part` of `parts` of the batch at `place`, shown by `view`; the same arguments give the same batch."""
    epoch, number = place
    rows = order(len(photos), config.seed, epoch)[number * config.batch : (number + 1) * config.batch]
    pieces = np.array_split(rows, parts)
    others = [piece for i, piece in enumerate(pieces) if i != part]
    random = np.random.default_rng((config.seed, epoch, number, part))
    settings = config.augmentation.scaled(view.strength)
    crops = augmented(photos.crops(pieces[part]), view.size, photos.content, settings, random)
    return Batch(crops, photos.targets[np.concatenate([pieces[part], *others])])


class Loader:
    """Makes the next batch in a thread while the network works on this one."""

    def __init__(self, photos: Photos, config: TrainConfig, part: int = 0, parts: int = 1) -> None:
        cv2.setNumThreads(1)
        self.photos, self.config, self.part, self.parts = photos, config, part, parts
        self.batches = len(photos) // config.batch
        if self.batches == 0:
            raise UserError(config.data, f"has only {len(photos)} photos to train on", f"a batch needs {config.batch}")

    def batch(self, epoch: int, number: int, view: View) -> Batch:
        """Return this process's part of batch `number` of `epoch`, shown by `view`."""
        return make_batch(self.photos, self.config, (epoch, number), view, self.part, self.parts)

    def epoch(self, epoch: int, first: int, view: Callable[[int], View]) -> Iterator[Batch]:
        """Yield the batches of `epoch` from number `first` on; `view` says how a batch is shown."""
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self.batch, epoch, first, view(first))
            for number in range(first + 1, self.batches + 1):
                batch = coming.result()
                if number < self.batches:
                    coming = pool.submit(self.batch, epoch, number, view(number))
                yield batch
