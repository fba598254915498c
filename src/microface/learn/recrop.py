"""Other crops of the faces of a data set, without searching for faces again, embedded by the teacher on any device.

A data set's manifest and rows are small, and so are photos; crops and embeddings are large. So a machine with a GPU
is sent the former and makes the latter itself, for every network's own kind of crop.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from microface.console import track
from microface.errors import UserError
from microface.learn.teacher import TorchTeacher, read_teacher
from microface.learn.train.place import Where
from microface.photos.crop import TEACHER_VIEW, crop, crop_face
from microface.photos.dataset import Dataset, Manifest, ShardInfo
from microface.photos.dataset.writer import ShardContent, Skipped, write_shard
from microface.photos.face import Face
from microface.photos.layouts import PhotoEntry, list_photos, read_entry
from microface.photos.preprocess import Preprocess
from microface.photos.read import decode_photo

_BATCH = 256
Row = dict[str, Any]


@dataclass(frozen=True)
class Recrop:
    """What is made: crops by `preprocess`, embeddings by the ONNX `teacher`, in `processes` on the host."""

    preprocess: Preprocess
    teacher: Path
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
    teacher = read_teacher(options.teacher).to(where.device)
    waiting = [shard for shard in dataset.shards if shard.info.number not in known]
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for shard in track(waiting, "shards", len(waiting)):
            made = _looked_at(pool, shard.rows, entries, options.preprocess)
            manifest = manifest.with_shard(_written(output, shard.info.number, made, teacher, where))
            manifest.save(output)
    if manifest.rows == 0:
        raise UserError(faces, "has no face in these photos", "give the collections that it was prepared from")
    return manifest


def _begun(output: Path, source: Manifest, options: Recrop) -> Manifest:
    """Return the manifest in `output` to go on with, or a new one without shards."""
    digest = hashlib.sha256(options.teacher.read_bytes()).hexdigest() if options.teacher.is_file() else ""
    about = {"file": options.teacher.name, "sha256": digest}
    words = json.dumps([source.recipe_id, options.preprocess.to_json(), digest], sort_keys=True)
    identifier = hashlib.sha256(words.encode()).hexdigest()
    fresh = replace(source, preprocess=options.preprocess, teacher={**source.teacher, **about}, recipe_id=identifier)
    fresh = replace(fresh, shards=())
    if not (output / "manifest.json").is_file():
        return fresh
    old = Manifest.load(output)
    if old.recipe_id != identifier:
        raise UserError(output, "holds another data set", "choose another folder")
    return old


@dataclass(frozen=True)
class _Seen:
    """The crops of a shard, the teacher's views, the rows that they belong to, and what was left out."""

    crops: np.ndarray
    views: np.ndarray
    rows: list[Row]
    skipped: list[Skipped]


def _looked_at(
    pool: ProcessPoolExecutor, rows: Sequence[Row], entries: dict[str, PhotoEntry], preprocess: Preprocess
) -> _Seen:
    """Return what the photos of `rows` show, cropped by the processes of `pool`."""
    there = [row for row in rows if row["key"] in entries]
    skipped = [Skipped(row["key"], "no_photo", row["identity"]) for row in rows if row["key"] not in entries]
    tasks = [(entries[row["key"]], row, preprocess) for row in there]
    pairs = list(pool.map(_cut, tasks, chunksize=32))
    crops = np.array([pair[0] for pair in pairs], np.uint8).reshape(-1, preprocess.height, preprocess.width, 3)
    views = np.array([pair[1] for pair in pairs], np.uint8).reshape(-1, TEACHER_VIEW.height, TEACHER_VIEW.width, 3)
    return _Seen(crops, views, there, skipped)


def _cut(task: tuple[PhotoEntry, Row, Preprocess]) -> tuple[np.ndarray, np.ndarray]:
    """Return the crop and the teacher's view of one face."""
    entry, row, preprocess = task
    photo, face = decode_photo(read_entry(entry), entry.key), Face.from_json(row)
    return crop_face(photo, face, preprocess), crop(photo, face.points, TEACHER_VIEW)


def _written(output: Path, number: int, seen: _Seen, teacher: TorchTeacher, where: Where) -> ShardInfo:
    parts = [_embedded(teacher, part, where) for part in _batches(seen.views)]
    embeddings = np.concatenate(parts) if parts else np.zeros((0, teacher.dimensions), np.float32)
    shape = (seen.crops.shape[1], seen.crops.shape[2], 3)
    return write_shard(output, number, ShardContent(list(seen.crops), shape, embeddings, seen.rows, seen.skipped))


def _batches(views: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(views), _BATCH):
        yield views[start : start + _BATCH]


@torch.inference_mode()
def _embedded(teacher: TorchTeacher, views: np.ndarray, where: Where) -> np.ndarray:
    """Return the embeddings float32 [n, D] of aligned faces uint8 [n, 112, 112, 3]."""
    planes = torch.from_numpy(views).to(where.device).permute(0, 3, 1, 2).float()
    return teacher.of_views(planes).float().cpu().numpy()
