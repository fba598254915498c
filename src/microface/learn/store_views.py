"""Augmented views of a data set with the teacher's embeddings of them, made once: a data set like any other.

Training by the host pipeline then shows views whose targets are the teacher's own of these views. What is drawn for a
copy depends on its number and the shard's, so the same command gives the same files.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from microface.console import track
from microface.learn.teacher import TorchTeacher, read_teacher
from microface.learn.train.config import Augmentation
from microface.learn.train.place import Where
from microface.learn.train.views import Views
from microface.photos.dataset import Dataset, Manifest, Shard
from microface.photos.dataset.manifest import go_on
from microface.photos.dataset.writer import ShardContent, write_shard

_BATCH = 64


@dataclass(frozen=True)
class StoredViews:
    """How many augmented copies of each training crop, by the ONNX `teacher`, changed by `augmentation`."""

    copies: int
    teacher: Path
    augmentation: Augmentation


def store_views(source: Path, output: Path, options: StoredViews, where: Where) -> Manifest:
    """Write the data set `source` and `copies` views of its training crops to `output`; shards that are there stay.

    Crops have to be aligned and square, since the teacher sees their centre; otherwise a `UserError`.
    """
    dataset = Dataset.open(source)
    dataset.require_aligned("a teacher")
    manifest, teacher = _begun(output, dataset.manifest, options), read_teacher(options.teacher).to(where.device)
    maker = _Maker(dataset.content, options.augmentation, teacher, where)
    known = {info.number for info in manifest.shards}
    tasks = [(shard, copy) for copy in range(options.copies + 1) for shard in dataset.shards]
    wanted = [(number, *task) for number, task in enumerate(tasks) if task[1] == 0 or _trains(task[0])]
    manifest = replace(manifest, planned=len(wanted))
    for number, shard, copy in track(wanted, "views", len(wanted)):
        if number not in known:
            content = _content(shard) if copy == 0 else maker.views(shard, (number, copy))
            manifest = manifest.with_shard(write_shard(output, number, content))
            manifest.save(output)
    return manifest


def _begun(output: Path, source: Manifest, options: StoredViews) -> Manifest:
    words = json.dumps([source.recipe_id, str(options.augmentation), options.copies, options.teacher.name])
    identifier = hashlib.sha256(words.encode()).hexdigest()
    return go_on(output, replace(source, recipe_id=identifier, shards=()))


def _trains(shard: Shard) -> bool:
    return shard.info.splits.get("train", 0) > 0


def _content(shard: Shard) -> ShardContent:
    """Return the shard as it is."""
    height, width = shard.crops.shape[1:3]
    return ShardContent(list(shard.crops), (height, width, 3), shard.map_embeddings(), shard.read_rows(), [])


@dataclass(frozen=True)
class _Maker:
    """Makes views whose centre `content` (height, width) the teacher sees."""

    content: tuple[int, int]
    augmentation: Augmentation
    teacher: TorchTeacher
    where: Where

    def views(self, shard: Shard, place: tuple[int, int]) -> ShardContent:
        """Return one view of every training crop of `shard`, as large as the crop, with the teacher's embedding."""
        known = shard.read_rows()
        rows = np.array([i for i, row in enumerate(known) if row["split"] == "train"])
        height, width = shard.crops.shape[1:3]
        views, random = Views((height, width), (height, width), (height, width), self.where.device), _random(place)
        crops, embeddings = [], []
        for part in np.array_split(rows, max(1, -(-len(rows) // _BATCH))):
            seen, _ = views.of(torch.from_numpy(shard.crops[part]).to(self.where.device), self.augmentation, random)
            embeddings.append(self._embedded(seen))
            crops += list(seen.permute(0, 2, 3, 1).byte().cpu().numpy())
        new = [known[row] | {"key": f"{known[row]['key']}#view{place[1]}"} for row in rows]
        return ShardContent(crops, (height, width, 3), np.concatenate(embeddings), new, [])

    @torch.inference_mode()
    def _embedded(self, seen: Tensor) -> np.ndarray:
        (height, width), (rows, columns) = seen.shape[2:], self.content
        top, left = (height - rows) // 2, (width - columns) // 2
        middle = seen[:, :, top : top + rows, left : left + columns]
        return np.asarray(self.teacher.of_views(middle).cpu().numpy())


def _random(place: tuple[int, int]) -> np.random.Generator:
    return np.random.default_rng(place)
