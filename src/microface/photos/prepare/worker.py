"""What one process does: the photos of a shard become its files."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

import cv2
import numpy as np

from microface.photos.crop import TEACHER_VIEW
from microface.photos.dataset import ShardInfo, near, unit
from microface.photos.dataset.writer import ShardContent, Skipped, write_shard
from microface.photos.prepare.look import Looker, Seen
from microface.photos.prepare.plan import Planned, Task, read_task
from microface.photos.prepare.recipe import Recipe
from microface.photos.prepare.refuse import near_refused
from microface.photos.teacher import Teacher

_TOGETHER = 64


@dataclass(frozen=True)
class Made:
    """A finished shard, its number of photos, and the seconds that each stage took."""

    info: ShardInfo
    photos: int
    seconds: dict[str, float]


@dataclass(frozen=True)
class Job:
    """What every shard of a data set needs: recipe, folder, and how many shards of held-out people stand first."""

    recipe: Recipe
    folder: Path
    held_out: int


class Worker:
    """Prepares shards of `job`, on one thread, calling `told` after every photo."""

    def __init__(self, job: Job) -> None:
        cv2.setNumThreads(1)
        self.job, self._looker, self._teacher = job, Looker(job.recipe), Teacher(job.recipe.teacher)

    def make(self, task: Task, told: Callable[[], None]) -> Made:
        """Write the shard of `task`."""
        self._looker.seconds.clear()
        shard = _Shard([], [], [])
        views: list[np.ndarray] = []
        for planned in read_task(self.job.folder, task):
            self._add(planned, task.split, shard, views)
            if len(views) == _TOGETHER:
                self._embed(shard, views)
            told()
        self._embed(shard, views)
        info = write_shard(self.job.folder, task.number, self._content(shard, task))
        return Made(info, task.count, dict(self._looker.seconds))

    def _add(self, planned: Planned, split: str, shard: "_Shard", views: list[np.ndarray]) -> None:
        entry = planned.entry
        seen = "refused_name" if planned.refused else self._looker.look(entry, split)
        if isinstance(seen, Seen):
            shard.seen.append(seen)
            views.append(seen.view)
        else:
            shard.skipped.append(Skipped(entry.key, seen, entry.identity))

    def _embed(self, shard: "_Shard", views: list[np.ndarray]) -> None:
        """Embed the `views` collected so far, and forget them."""
        with self._looker.timed("teacher"):
            shard.embeddings.append(self._teacher.embed(np.stack(views) if views else _no_crops(*TEACHER_VIEW.size)))
        views.clear()
        shard.seen[-_TOGETHER:] = [Seen(each.crop, _no_crops(0, 0), each.row) for each in shard.seen[-_TOGETHER:]]

    def _content(self, shard: "_Shard", task: Task) -> ShardContent:
        """Return what is stored: all that was seen, but for whom it may not show."""
        embeddings = np.concatenate(shard.embeddings)
        why = self._reasons(unit(embeddings), shard.seen, task)
        kept = [index for index, reason in enumerate(why) if not reason]
        for index in set(range(len(why))) - set(kept):
            row = shard.seen[index].row
            shard.skipped.append(Skipped(row["key"], why[index], row["identity"]))
        seen = [shard.seen[index] for index in kept]
        shape = self.job.recipe.preprocess.height, self.job.recipe.preprocess.width, 3
        return ShardContent([s.crop for s in seen], shape, embeddings[kept], [s.row for s in seen], shard.skipped)

    def _reasons(self, embeddings: np.ndarray, seen: list[Seen], task: Task) -> list[str]:
        """Return for each of the unit `embeddings` [N, D] why it is left out, "" when it is not."""
        unnamed = np.array([each.row["identity"] == "" for each in seen], bool)
        held = np.zeros(len(seen), bool)
        for number in range(self.job.held_out if task.split == "train" and unnamed.any() else 0):
            others = np.load(self.job.folder / ShardInfo.name_of("embeddings", number), mmap_mode="r")
            held[unnamed] |= near(embeddings[unnamed], unit(others))
        refused = near_refused(embeddings, self.job.folder)
        return ["near_refused" if r else "near_held_out" if h else "" for r, h in zip(refused, held, strict=True)]


@dataclass(frozen=True)
class _Shard:
    """What a shard holds while it is made: embeddings lag behind what was seen until a batch of views is full."""

    seen: list[Seen]
    embeddings: list[np.ndarray]
    skipped: list[Skipped]


def _no_crops(height: int, width: int) -> np.ndarray:
    return np.zeros((0, height, width, 3), np.uint8)


_stop: Event | None = None
_count: "Synchronized[int] | None" = None


def begin(stop: Event, count: "Synchronized[int]") -> None:
    """Let `stop` end this process's work between two photos; photos are counted in `count`."""
    global _stop, _count  # a process of a pool is handed shared things in no other way
    _stop, _count = stop, count


def _counted() -> None:
    if _count is not None:
        with _count.get_lock():
            _count.value += 1
    if _stop is not None and _stop.is_set():
        raise SystemExit(130)


@functools.cache
def worker(job: Job) -> Worker:
    """Return this process's worker."""
    return Worker(job)


def make_shard(job: Job, task: Task, told: Callable[[], None] = _counted) -> Made:
    """Write one shard; networks are loaded once per process."""
    return worker(job).make(task, told)
