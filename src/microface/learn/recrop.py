"""Other crops of the faces of a data set, without searching for faces again.

The teacher sees the aligned face whatever the crop, so embeddings that are stored stay true. A data set's manifest and
rows are small, and so are photos; crops and embeddings are large. So a machine with a GPU is sent the former and makes
the latter itself, with the teacher, for every network's own kind of crop.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
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
from microface.photos.crop import TEACHER_VIEW, crop, crop_face
from microface.photos.dataset import Dataset, Manifest, ShardInfo
from microface.photos.dataset.manifest import go_on
from microface.photos.dataset.writer import ShardContent, Skipped, write_shard
from microface.photos.face import Face
from microface.photos.layouts import PhotoEntry, list_photos, read_entry
from microface.photos.preprocess import Preprocess
from microface.photos.read import decode_photo

_BATCH = 256
Row = dict[str, Any]


@dataclass(frozen=True)
class Recrop:
    """What is made: crops by `preprocess`, in `processes`; embeddings by the ONNX `teacher`, None: those stored."""

    preprocess: Preprocess
    teacher: Path | None = None
    processes: int = 2


def recrop(faces: Path, photos: Sequence[Path], output: Path, options: Recrop, where: Where) -> Manifest:
    """Write the faces of the data set `faces` (its manifest and rows suffice) as other crops to the folder `output`.

    `photos` are the collections that the data set was made of; rows whose photo is not in them are left out and
    counted as skipped. Shards that are there already are kept. No face at all is a `UserError`.
    """
    dataset = Dataset.open(faces, verify=False)
    entries = {entry.key: entry for source in photos for entry in list_photos(source)}
    manifest = _begun(output, dataset.manifest, options)
    known = {shard.number for shard in manifest.shards}
    teacher = read_teacher(options.teacher).to(where.device) if options.teacher else None
    waiting = [shard for shard in dataset.shards if shard.info.number not in known]
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for shard in track(waiting, "shards", len(waiting)):
            made = _looked_at(pool, shard.rows, entries, options.preprocess)
            embeddings = _embedded(teacher, made.views, where) if teacher else shard.embeddings[made.places]
            manifest = manifest.with_shard(_written(output, shard.info.number, made, embeddings))
            manifest.save(output)
    if manifest.rows == 0:
        raise UserError(faces, "has no face in these photos", "give the collections that it was prepared from")
    return manifest


def _begun(output: Path, source: Manifest, options: Recrop) -> Manifest:
    """Return the manifest in `output` to go on with, or a new one without shards."""
    teacher = {**source.teacher, **(_about(options.teacher) if options.teacher else {})}
    words = json.dumps([source.recipe_id, options.preprocess.to_json(), teacher], sort_keys=True)
    identifier = hashlib.sha256(words.encode()).hexdigest()
    fresh = replace(source, preprocess=options.preprocess, teacher=teacher, recipe_id=identifier, shards=())
    return go_on(output, fresh)


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


def _looked_at(
    pool: ProcessPoolExecutor, rows: Sequence[Row], entries: dict[str, PhotoEntry], preprocess: Preprocess
) -> _Seen:
    """Return what the photos of `rows` show, cropped by the processes of `pool`."""
    places = [place for place, row in enumerate(rows) if row["key"] in entries]
    there = [rows[place] for place in places]
    skipped = [Skipped(row["key"], "no_photo", row["identity"]) for row in rows if row["key"] not in entries]
    tasks = [(entries[row["key"]], row, preprocess) for row in there]
    pairs = list(pool.map(_cut, tasks, chunksize=32))
    crops = np.array([pair[0] for pair in pairs], np.uint8).reshape(-1, preprocess.height, preprocess.width, 3)
    views = np.array([pair[1] for pair in pairs], np.uint8).reshape(-1, TEACHER_VIEW.height, TEACHER_VIEW.width, 3)
    return _Seen(crops, views, there, places, skipped)


def _cut(task: tuple[PhotoEntry, Row, Preprocess]) -> tuple[np.ndarray, np.ndarray]:
    """Return the crop and the teacher's view of one face."""
    entry, row, preprocess = task
    photo, face = decode_photo(read_entry(entry), entry.key), Face.from_json(row)
    return crop_face(photo, face, preprocess), crop(photo, face.points, TEACHER_VIEW)


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
