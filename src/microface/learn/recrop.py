"""Other crops of the faces of a data set, without searching for faces again.

The teacher sees the aligned face whatever the crop, so embeddings that are stored stay true. A data set's manifest and
rows are small, and so are photos; crops and embeddings are large. So a machine with a GPU is sent the former and makes
the latter itself, with the teacher, for every network's own kind of crop.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from microface.console import track
from microface.errors import UserError
from microface.files import read_bytes
from microface.learn.teacher import TorchTeacher, read_teacher
from microface.learn.train.place import Where
from microface.photos.crop import TEACHER_VIEW, crop, crop_face, placed
from microface.photos.dataset import Dataset, Manifest, ShardInfo
from microface.photos.dataset.manifest import go_on
from microface.photos.dataset.writer import ShardContent, Skipped, write_shard
from microface.photos.face import Face
from microface.photos.layouts import PhotoEntry, list_photos, read_entry
from microface.photos.preprocess import Preprocess
from microface.photos.read import decode_photo

_BATCH = 256
Row = dict[str, Any]
Entries = dict[str, PhotoEntry]


@dataclass(frozen=True)
class Recrop:
    """What is made: crops by `preprocess`, in `processes`; embeddings by the ONNX `teacher`, None: those stored.

    A crop that would need the photo enlarged more than `enlarge` times is left out (`math.inf`: none is). With
    `held_out` held-out people alone are cropped.
    """

    preprocess: Preprocess
    teacher: Path | None = None
    processes: int = 2
    enlarge: float = math.inf
    held_out: bool = False

    def __post_init__(self) -> None:
        if not self.enlarge >= 1:
            raise UserError(f"enlarging {self.enlarge:g} times", "is no limit", "give 1 or more")

    def to_json(self) -> dict[str, Any]:
        """Return what of a recipe is another one in the new data set."""
        made = {
            "preprocess": self.preprocess.to_json(),
            "enlarge": None if math.isinf(self.enlarge) else self.enlarge,
        }
        return made | {"held_out_only": True} if self.held_out else made


def recrop(faces: Path, photos: Sequence[Path], output: Path, options: Recrop, where: Where) -> Manifest:
    """Write the faces of the data set `faces` (its manifest and rows suffice) as other crops to the folder `output`.

    `photos` are the collections that the data set was made of; rows whose photo is not in them (`no_photo`), cannot be
    read or would be enlarged too much (`too_small`) are left out and counted as skipped. Shards that are there already
    are kept. No face at all is a `UserError`.
    """
    dataset = Dataset.open(faces, verify=False)
    entries = {entry.key: entry for source in photos for entry in list_photos(source)}
    there = sorted(row["key"] for shard in dataset.shards for row in shard.read_rows() if row["key"] in entries)
    if not there:
        raise UserError(faces, "has no face in these photos", "give the collections that it was prepared from")
    manifest = _begun(output, dataset.manifest, options, there)
    known = {shard.number for shard in manifest.shards}
    teacher = read_teacher(options.teacher).to(where.device) if options.teacher else None
    waiting = [shard for shard in dataset.shards if shard.info.number not in known]
    with _cutting(options.processes) as cutting:
        for shard in track(waiting, "shards", len(waiting)):
            made = _looked_at(cutting, shard.read_rows(), entries, options)
            embeddings = _embedded(teacher, made.views, where) if teacher else shard.map_embeddings()[made.places]
            manifest = manifest.with_shard(_written(output, shard.info.number, made, embeddings))
            manifest.save(output)
    if manifest.rows == 0:
        told = ", ".join(f"{count:,} {reason}" for reason, count in manifest.skipped.items())
        mend = "give the collections that it was prepared from, or a larger --enlarge"
        raise UserError(faces, f"has no face in these photos that can be cropped so ({told})", mend)
    return manifest


def _begun(output: Path, source: Manifest, options: Recrop, keys: list[str]) -> Manifest:
    """Return the manifest in `output` to go on with, or a new one without shards; other `keys` are refused."""
    teacher = {**source.teacher, **(_about(options.teacher) if options.teacher else {})}
    words = json.dumps([source.recipe_id, options.to_json(), teacher, keys], sort_keys=True)
    identifier = hashlib.sha256(words.encode()).hexdigest()
    recipe = source.recipe | options.to_json() | {"recropped": source.recipe_id}
    fresh = replace(source, preprocess=options.preprocess, teacher=teacher, recipe=recipe, recipe_id=identifier)
    return go_on(output, replace(fresh, shards=()))


def _about(teacher: Path) -> dict[str, str]:
    return {"file": teacher.name, "sha256": hashlib.sha256(read_bytes(teacher)).hexdigest()}


@dataclass(frozen=True)
class _Seen:
    """The crops of a shard, the teacher's views, their rows and the places of these in it, and what was left out."""

    crops: np.ndarray
    views: np.ndarray
    rows: list[Row]
    places: list[int]
    skipped: list[Skipped]


@contextmanager
def _cutting(processes: int) -> Iterator["Cutting"]:
    """Yield what applies `_cut` to many tasks in `processes`; one needs no process of its own."""
    if processes == 1:
        yield lambda tasks: map(_cut, tasks)
    else:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            yield lambda tasks: pool.map(_cut, tasks, chunksize=32)


def _looked_at(cutting: "Cutting", rows: Sequence[Row], entries: Entries, options: Recrop) -> _Seen:
    """Return what the photos of `rows` show, cropped by `cutting`."""
    wanted = [place for place, row in enumerate(rows) if not options.held_out or row["split"] == "held_out"]
    tasks = [(entries.get(rows[place]["key"]), rows[place], options) for place in wanted]
    found = list(zip(wanted, cutting(tasks), strict=True))
    cuts = {place: cut for place, cut in found if isinstance(cut, _Cut)}
    reasons = {place: cut for place, cut in found if isinstance(cut, str)}
    skipped = [Skipped(rows[place]["key"], reason, rows[place]["identity"]) for place, reason in reasons.items()]
    crops, views = [cut.crop for cut in cuts.values()], [cut.view for cut in cuts.values()]
    stored, seen = (_stacked(*pair) for pair in ((crops, options.preprocess), (views, TEACHER_VIEW)))
    return _Seen(stored, seen, [cut.row for cut in cuts.values()], list(cuts), skipped)


def _stacked(crops: Sequence[np.ndarray], preprocess: Preprocess) -> np.ndarray:
    return np.array(crops, np.uint8).reshape(-1, *preprocess.size, 3)


@dataclass(frozen=True)
class _Cut:
    """The crop of one face, the teacher's view of it, and its row."""

    crop: np.ndarray
    view: np.ndarray
    row: Row


Task = tuple[PhotoEntry | None, Row, Recrop]
Cutting = Callable[[Sequence[Task]], Iterable[_Cut | str]]


def _cut(task: Task) -> _Cut | str:
    """Return the crop and the teacher's view of one face, or why it is left out."""
    entry, row, options = task
    if entry is None:
        return "no_photo"
    try:
        photo, face = decode_photo(read_entry(entry), entry.key), Face.from_json(row)
    except UserError:
        return "unreadable"
    enlarged, outside = placed(photo, face, options.preprocess)
    if enlarged > options.enlarge:
        return "too_small"
    row = row | {"enlarged": enlarged, "outside": outside}
    return _Cut(crop_face(photo, face, options.preprocess), crop(photo, face.points, TEACHER_VIEW), row)


def _written(output: Path, number: int, seen: _Seen, embeddings: np.ndarray) -> ShardInfo:
    shape = (seen.crops.shape[1], seen.crops.shape[2], 3)
    return write_shard(output, number, ShardContent(list(seen.crops), shape, embeddings, seen.rows, seen.skipped))


@torch.inference_mode()
def _embedded(teacher: TorchTeacher, views: np.ndarray, where: Where) -> np.ndarray:
    """Return the embeddings float32 [n, D] of aligned faces uint8 [n, 112, 112, 3]."""
    parts = [np.zeros((0, teacher.dimensions), np.float32)]
    for start in range(0, len(views), _BATCH):
        planes = torch.from_numpy(views[start : start + _BATCH]).to(where.device).permute(0, 3, 1, 2).float()
        parts.append(teacher.of_views(planes).float().cpu().numpy())
    return np.concatenate(parts)
