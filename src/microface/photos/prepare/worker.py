"""What one process does: the photos of a shard become its files."""

import functools
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from microface.errors import UserError
from microface.photos.crop import TEACHER_VIEW, crop, crop_face
from microface.photos.dataset import ShardInfo, near, unit
from microface.photos.dataset.writer import ShardContent, write_shard
from microface.photos.detect.finder import Finder
from microface.photos.face import Face
from microface.photos.layouts import PhotoEntry, read_entry
from microface.photos.prepare.recipe import Recipe, Task
from microface.photos.preprocess import Preprocess
from microface.photos.quality import judge
from microface.photos.read import decode_photo
from microface.photos.teacher import Teacher

_TOGETHER = 64
_stop: Event | None = None


@dataclass(frozen=True)
class Seen:
    """One photo with a face: the crop to store, the teacher's view of it, and its row."""

    crop: np.ndarray
    view: np.ndarray
    row: dict[str, Any]


class Worker:
    """Prepares shards of `recipe` into `folder`, on one thread."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        cv2.setNumThreads(1)
        self.recipe, self.folder = recipe, folder
        self._finder, self._teacher = Finder(recipe.search), Teacher(recipe.teacher)

    def make(self, task: Task, held_out: np.ndarray) -> ShardInfo:
        """Write the shard of `task`; `held_out` [M, D] holds unit embeddings that unnamed photos must not be near."""
        looks = [(entry, self._look(entry, task.split)) for entry in task.entries]
        seen = [look for _, look in looks if isinstance(look, Seen)]
        skipped = [(entry.key, look) for entry, look in looks if isinstance(look, str)]
        embeddings = self._embedded(_stacked([each.view for each in seen], TEACHER_VIEW))
        keep = ~near(unit(embeddings), held_out) | np.array([each.row["identity"] != "" for each in seen], bool)
        skipped += [(seen[index].row["key"], "near_held_out") for index in np.flatnonzero(~keep)]
        kept = [seen[index] for index in np.flatnonzero(keep)]
        crops = _stacked([each.crop for each in kept], self.recipe.preprocess)
        content = ShardContent(crops, embeddings[keep], [each.row for each in kept], skipped)
        return write_shard(self.folder, task.number, content)

    def _embedded(self, views: np.ndarray) -> np.ndarray:
        """Return the teacher's embeddings [n, D] of `views`."""
        embeddings = np.empty((len(views), self._teacher.dimensions), np.float32)
        for start in range(0, len(views), _TOGETHER):
            _stop_if_asked()
            embeddings[start : start + _TOGETHER] = self._teacher.embed(views[start : start + _TOGETHER])
        return embeddings

    def _look(self, entry: PhotoEntry, split: str) -> Seen | str:
        """Return what is to be seen in one photo, or the reason why it is left out."""
        _stop_if_asked()
        try:
            photo = decode_photo(read_entry(entry), entry.key)
        except UserError:
            return "unreadable"
        face, quality = judge(photo, self._finder.find(photo))
        if face is None:
            return "no_face"
        row = _row(entry, split, photo, face) | {"reasons": list(quality.reasons)}
        return Seen(crop_face(photo, face, self.recipe.preprocess), crop(photo, face.points, TEACHER_VIEW), row)


def _row(entry: PhotoEntry, split: str, photo: np.ndarray, face: Face) -> dict[str, Any]:
    """Return the row of a crop; `native` is the distance between the eyes in the photo's own pixels."""
    about = {"key": entry.key, "source": entry.source, "identity": entry.identity, "split": split}
    size = {"width": photo.shape[1], "height": photo.shape[0], "native": round(face.eye_distance, 2)}
    return about | size | face.to_json()


def _stacked(crops: list[np.ndarray], preprocess: Preprocess) -> np.ndarray:
    return np.stack(crops) if crops else np.zeros((0, preprocess.height, preprocess.width, 3), np.uint8)


def begin(stop: Event) -> None:
    """Let `stop` end this process's work between two photos."""
    global _stop  # noqa: PLW0603  # a process of a pool is handed shared things in no other way
    _stop = stop


def _stop_if_asked() -> None:
    if _stop is not None and _stop.is_set():
        raise SystemExit(130)


@functools.cache
def worker(recipe: Recipe, folder: Path) -> Worker:
    """Return this process's worker."""
    return Worker(recipe, folder)


def make_shard(recipe: Recipe, folder: Path, task: Task, held_out: np.ndarray) -> ShardInfo:
    """Write one shard; networks are loaded once per process."""
    return worker(recipe, folder).make(task, held_out)
