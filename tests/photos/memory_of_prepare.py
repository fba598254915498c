"""Peak memory of the parts of `prepare` that see all photos: `python tests/photos/memory_of_prepare.py 50000`.

So many made-up entries are planned, and a data set of as many random embeddings of 512 values is searched for copies
and rid of them. What a worker holds is one shard, however many there are.
"""

import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from microface.photos.dataset import Manifest
from microface.photos.dataset.writer import ShardContent, write_shard
from microface.photos.layouts import PhotoEntry
from microface.photos.prepare import Recipe
from microface.photos.prepare.plan import make_plan, read_task
from microface.photos.prepare.tidy import tidy
from microface.photos.preprocess import Preprocess
from teachers import tiny_teacher

_SHARD, _DIMENSIONS, _A_PERSON = 1024, 512, 100


def entries(count: int) -> Iterator[PhotoEntry]:
    for number in range(count):
        who = f"made:{number // _A_PERSON:06d}"
        yield PhotoEntry(f"made/{who}/{number:08d}.jpg", "made", who, "people", f"/a/folder/of/photos/{number:08d}.jpg")


def write_data_set(folder: Path, count: int) -> Manifest:
    about = {"file": "t", "sha256": "0", "dimensions": _DIMENSIONS}
    shards = -(-count // _SHARD)
    manifest = Manifest(Preprocess.aligned(8), about, {}, "0", count, shards, tidied=False)
    for number in range(shards):
        first, size = number * _SHARD, min(_SHARD, count - number * _SHARD)
        embeddings = np.random.default_rng(number).normal(size=(size, _DIMENSIONS)).astype(np.float32)
        embeddings[-1] = np.random.default_rng(10**6).normal(size=_DIMENSIONS)  # one photo is in every shard
        about_row = {"source": "made", "split": "train", "enlarged": 1.0}
        rows = [{"key": f"{first + n}", "identity": f"{n % 9}", "photo": f"{first + n + 1:x}"} for n in range(size)]
        crops = np.zeros((size, 8, 8, 3), np.uint8)
        content = ShardContent(crops, (8, 8, 3), embeddings, [row | about_row for row in rows], [])
        manifest = manifest.with_shard(write_shard(folder, number, content))
    manifest.save(folder)
    return manifest


def peak() -> float:
    """Return the most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe = Recipe(Preprocess.aligned(96), tiny_teacher(folder / "teacher.onnx"))
        start = peak()
        plan = make_plan(entries(count), recipe, folder / "plan", frozenset())
        planned = sum(1 for task in plan.tasks for _ in read_task(folder / "plan", task))
        after_plan = peak()
        manifest = tidy(folder / "set", write_data_set(folder / "set", count), recipe)
        figures = {"entries": planned, "copies": manifest.skipped.get("copy", 0), "shards": manifest.planned}
        print(json.dumps(figures | {"start_mb": start, "planned_mb": after_plan, "tidied_mb": peak()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
