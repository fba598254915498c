"""What several tests of `prepare` need: collections of the made-up people, recipes with a small teacher."""

import shutil
from pathlib import Path
from typing import Any

import microface.demo
from microface.photos.dataset import Dataset, Manifest
from microface.photos.detect.finder import Search
from microface.photos.prepare import Recipe, Source, Workers, prepare
from microface.photos.preprocess import Preprocess
from teachers import tiny_teacher

PEOPLE = Path(microface.demo.__file__).parent / "people"


def recipe_with(folder: Path, **changes: Any) -> Recipe:
    """Return a recipe for aligned crops of 96 pixels with a small teacher in `folder`, without search for copies."""
    base: dict[str, Any] = {"search": Search(share=0.3), "held_out": 0, "same": 0}
    preprocess = changes.pop("preprocess", Preprocess.aligned(96, 4))
    return Recipe(preprocess, tiny_teacher(folder / "teacher.onnx"), **base | changes)


def people(folder: Path, *photos: str) -> Path:
    """Copy `photos` ("Arlo/enrol-1.jpg" or "Arlo/enrol-1.jpg as Bo/2.jpg") of the made-up people into `folder`."""
    for photo in photos:
        taken, _, name = photo.partition(" as ")
        path = folder / (name or taken)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PEOPLE / "enrolled" / taken, path)
    return folder


def prepared(source: Path, recipe: Recipe, folder: Path, workers: Workers | None = None) -> Manifest:
    """Prepare one collection."""
    return prepare([Source(source)], recipe, folder, workers)


def rows_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return all rows of a data set by their keys."""
    return {row["key"]: row for shard in Dataset.open(folder).shards for row in shard.read_rows()}
