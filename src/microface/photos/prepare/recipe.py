"""What a preparation does, and in which order photos go into shards."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from microface.photos.dataset import NEAR, Split
from microface.photos.detect.finder import Search
from microface.photos.detect.stored import detector_id
from microface.photos.layouts import PhotoEntry
from microface.photos.preprocess import Preprocess


@dataclass(frozen=True)
class Recipe:
    """How photos become a data set.

    Of the people with at least `fewest` photos, one in `held_out` is kept from training as a whole person, by the
    hash of the name (0: nobody, 1: everybody). Photos are shuffled by `seed` into shards of `shard` photos.
    """

    preprocess: Preprocess
    teacher: Path
    search: Search = field(default_factory=Search)
    held_out: int = 12
    fewest: int = 4
    seed: int = 1
    shard: int = 1024

    def to_json(self) -> dict[str, Any]:
        """Return how the data set is made, in words and numbers, without the place of the teacher."""
        values = asdict(self) | {"preprocess": self.preprocess.to_json(), "near": NEAR, "detector": detector_id()}
        del values["teacher"]
        return values

    def identifier(self, entries: Sequence[PhotoEntry], teacher_sha256: str) -> str:
        """Return the SHA-256 over everything that the contents depend on."""
        digest = hashlib.sha256(json.dumps([self.to_json(), teacher_sha256], sort_keys=True).encode())
        for entry in entries:
            digest.update(f"{entry.key}\0{entry.source}\0{entry.identity}\n".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Task:
    """The photos of one shard; all are of one split."""

    number: int
    split: Split
    entries: tuple[PhotoEntry, ...]


def held_out_people(entries: Sequence[PhotoEntry], recipe: Recipe) -> frozenset[str]:
    """Return the people kept from training: a function of their names alone, among those with enough photos."""
    counts = Counter(entry.identity for entry in entries if entry.identity)
    enough = (name for name, count in counts.items() if count >= recipe.fewest)
    return frozenset(name for name in enough if recipe.held_out and _drawn(name, recipe.held_out))


def _drawn(name: str, one_in: int) -> bool:
    """Say whether `name` is drawn, by its SHA-256 alone; who is drawn at 24 is drawn at 12 too."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % one_in == 0


def shard_tasks(entries: Sequence[PhotoEntry], recipe: Recipe) -> list[Task]:
    """Return the shards to make: held-out people first, so that every later photo can be compared with them.

    Photos of either split are shuffled, so any first part of the shards is like the whole.
    """
    held = held_out_people(entries, recipe)
    random = np.random.default_rng(recipe.seed)
    tasks: list[Task] = []
    for split in ("held_out", "train"):
        mine = [entry for entry in entries if (entry.identity in held) == (split == "held_out")]
        shuffled = [mine[index] for index in random.permutation(len(mine))]
        parts = [shuffled[start : start + recipe.shard] for start in range(0, len(mine), recipe.shard)]
        tasks += [Task(len(tasks) + number, split, tuple(part)) for number, part in enumerate(parts)]
    return tasks
