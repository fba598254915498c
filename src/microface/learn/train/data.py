"""The crops and teacher's embeddings of a data set as training reads them: batches that are a function of a seed."""

import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from microface.errors import UserError
from microface.learn.train.augment import augmented
from microface.learn.train.config import TrainConfig
from microface.learn.train.holding import FEWEST, drawn_photos
from microface.learn.train.projection import directions
from microface.learn.train.schedule import Size, View
from microface.photos.dataset import CropFile, Dataset, Shard, strangers_near, unit


@dataclass(frozen=True)
class Photos:
    """Crops uint8 [n, H, W, 3] in shards, rows `index` int64 [N, 2] (shard, row), targets, and whose they are.

    `targets` float32 [N, D] have length 1 (D = 0 without a teacher); `people` int64 [N], -1 for an unnamed person,
    those of the training photos numbered from 0; `content` is (height, width) of the centre of a crop that the
    network reads; `directions` float32 [teacher's, D] made the targets of the teacher's embeddings, None: nothing did.
    """

    shards: tuple[np.ndarray | CropFile, ...]
    index: np.ndarray
    targets: np.ndarray
    people: np.ndarray
    content: Size
    directions: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.index)

    def only(self, mask: np.ndarray) -> "Photos":
        """Return the photos where `mask` bool [N] is true."""
        return replace(self, index=self.index[mask], targets=self.targets[mask], people=self.people[mask])

    def turned(self, directions: np.ndarray) -> "Photos":
        """Return the photos with targets projected on `directions` float32 [D, d] and brought to length 1."""
        return replace(self, targets=unit_rows(self.targets @ directions), directions=directions)

    def crops(self, rows: np.ndarray) -> np.ndarray:
        """Return the crops uint8 [len(rows), H, W, 3] of `rows`."""
        return np.stack([self.shards[shard][row] for shard, row in self.index[rows]])


def open_photos(folder: Path, dimensions: int = 0, projection: str = "svd") -> tuple[Photos, Photos]:
    """Return the (training, held-out) photos of the data set in `folder`.

    Targets have `dimensions` values (0, or more than the teacher has: as many as the teacher's), by `projection`.
    Without a teacher there are no targets and only photos with names. Unnamed photos that may show a held-out person
    are left out. Where too few people are held out to measure on, photos are, besides, by their keys and as if without
    names: how near they come to the teacher can be measured. Without a teacher that is a `UserError`.
    """
    dataset = Dataset.open(folder, verify=False)
    parts = [shard for shard in dataset.shards if len(shard)]
    if not parts:
        raise UserError(folder, "holds a data set without photos", "prepare it from more photos")
    sizes = [len(shard) for shard in parts]
    index = np.stack([np.repeat(np.arange(len(parts)), sizes), np.concatenate([np.arange(n) for n in sizes])], 1)
    rows = [(row["identity"], row["split"], row["key"]) for shard in parts for row in shard.read_rows()]
    held, people = np.array([split == "held_out" for _, split, _ in rows]), _people([row[:2] for row in rows])
    targets = _targets(folder, parts)
    whole = Photos(tuple(shard.crop_file() for shard in parts), index, targets, people, dataset.content)
    training = ~held & ~_unusable(folder, targets, people, held)
    if held.sum() < FEWEST and targets.shape[1]:
        kept, measured = drawn_photos([key for _, _, key in rows])
        whole = replace(whole, people=np.where(measured & ~held, -1, people))
        training, held = training & ~kept, held | measured
    if not held.any():
        raise UserError(folder, "holds nobody to measure on", "prepare it with people of several photos, --held-out 4")
    return _projected(whole.only(training), whole.only(held), dimensions, projection)


def _targets(folder: Path, parts: Sequence[Shard]) -> np.ndarray:
    """Return the teacher's embeddings of all photos float32 [N, D], each of length 1, in one array from the start."""
    stored = [shard.map_embeddings() for shard in parts]
    if len(widths := sorted({array.shape[1:] for array in stored})) > 1:
        told = ", ".join(" x ".join(map(str, width)) for width in widths)
        raise UserError(folder, f"holds embeddings of {told} values", "prepare it again with one teacher")
    targets = np.empty((sum(map(len, stored)), *widths[0]), np.float32)
    for first, array in zip(np.cumsum([0, *map(len, stored)]), stored, strict=False):
        targets[first : first + len(array)] = unit_rows(array.astype(np.float32))
    return targets


def _unusable(folder: Path, targets: np.ndarray, people: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Say of each photo whether it has no name and may show a held-out person, or tells nothing at all."""
    if targets.shape[1] == 0:
        return np.asarray(people < 0)
    if not np.isfinite(targets).all():
        raise UserError(folder, "holds embeddings that are no numbers", "prepare it again with a sound teacher")
    return strangers_near(targets, people >= 0, held)


def _projected(training: Photos, held_out: Photos, dimensions: int, projection: str) -> tuple[Photos, Photos]:
    """Return both with targets of `dimensions` values where the teacher has more."""
    width = training.targets.shape[1]
    if dimensions == 0 or dimensions >= width:
        return training, held_out
    chosen = directions(projection, training.targets, training.people, dimensions)
    return training.turned(chosen), held_out.turned(chosen)


unit_rows = unit


def _people(owners: Sequence[tuple[str, str]]) -> np.ndarray:
    """Return int64 [N]: a number per person of (identity, split), those of training first; -1 for no name."""
    held = {identity for identity, split in owners if split == "held_out"}
    everybody = sorted({identity for identity, _ in owners} - {""}, key=lambda name: (name in held, name))
    names = {name: number for number, name in enumerate(everybody)}
    return np.array([names.get(identity, -1) for identity, _ in owners], np.int64)


@functools.lru_cache(maxsize=4)
def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Return the rows 0..count-1 in the order of `epoch`."""
    return np.random.default_rng((seed, epoch)).permutation(count)


def order_by_people(people: np.ndarray, together: int, seed: int, epoch: int) -> np.ndarray:
    """Return all rows in the order of `epoch`: up to `together` photos of a person stand side by side."""
    rows = order(len(people), seed, epoch)
    owners = people[rows].copy()
    owners[owners < 0] = np.arange(people.max() + 1, people.max() + 1 + int((owners < 0).sum()))
    by_owner = np.argsort(owners, kind="stable")
    first = np.flatnonzero(np.diff(owners[by_owner], prepend=-1))
    place = np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))
    starts = np.flatnonzero(place % together == 0)
    groups = np.split(rows[by_owner], starts[1:])
    random = np.random.default_rng((seed, epoch, together))
    return np.concatenate([groups[i] for i in random.permutation(len(groups))])


@functools.lru_cache(maxsize=4)
def _cached_order(people: bytes, together: int, seed: int, epoch: int) -> np.ndarray:
    return order_by_people(np.frombuffer(people, np.int64), together, seed, epoch)


Place = tuple[int, int]
"""Epoch and number of a batch in it."""


@dataclass(frozen=True)
class Batch:
    """Bytes uint8 [n, h, w, 3], targets float32 [m, D]: first theirs, then those of the other parts; owners [n]."""

    crops: np.ndarray
    targets: np.ndarray
    people: np.ndarray


def rows_of(photos: Photos, config: TrainConfig, place: Place) -> np.ndarray:
    """Return the rows of the whole batch at `place`."""
    (epoch, number), seed = place, config.seed
    if config.per_person > 1:
        rows = _cached_order(photos.people.tobytes(), config.per_person, seed, epoch)
    else:
        rows = order(len(photos), seed, epoch)
    return rows[number * config.batch : (number + 1) * config.batch]


def make_batch(photos: Photos, config: TrainConfig, place: Place, view: View, part: int = 0, parts: int = 1) -> Batch:
    """Return `part` of `parts` of the batch at `place`, shown by `view`; the same arguments give the same batch."""
    epoch, number = place
    pieces = np.array_split(rows_of(photos, config, place), parts)
    others = [piece for i, piece in enumerate(pieces) if i != part]
    random = np.random.default_rng((config.seed, epoch, number, part))
    settings = config.augmentation.scaled(view.strength)
    crops = augmented(photos.crops(pieces[part]), view.size, photos.content, settings, random)
    return Batch(crops, photos.targets[np.concatenate([pieces[part], *others])], photos.people[pieces[part]])


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
