import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawn import drawn_face

from microface.errors import UserError
from microface.photos.crop import TEACHER_VIEW, crop
from microface.photos.dataset import Dataset, Manifest, Shard
from microface.photos.detect.finder import Search
from microface.photos.layouts import PhotoEntry
from microface.photos.prepare import Recipe, Source, Workers, pool, worker
from microface.photos.prepare import prepare as prepare_sources
from microface.photos.prepare.plan import make_plan, read_task
from microface.photos.prepare.split import drawn
from microface.photos.preprocess import Preprocess
from microface.photos.read import read_photo
from teachers import tiny_teacher


def prepare(sources: list[Path], recipe: Recipe, folder: Path, workers: int = 1) -> Manifest:
    return prepare_sources([Source(source) for source in sources], recipe, folder, Workers(workers))


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (90, 90, 3), np.uint8)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people with four photos, one photo of nobody known, one without a face, one that is cut off."""
    folder = tmp_path_factory.mktemp("photos") / "home"
    for person in range(3):
        (folder / f"person{person}").mkdir(parents=True)
        for number in range(4):
            photo = drawn_face(140, 140, 26, seed=10 * person + number)
            cv2.imwrite(str(folder / f"person{person}/{number}.png"), photo[..., ::-1])
    cv2.imwrite(str(folder / "stranger.png"), drawn_face(140, 140, 26, seed=99)[..., ::-1])
    cv2.imwrite(str(folder / "noise.png"), noise(1))
    (folder / "cut.png").write_bytes((folder / "stranger.png").read_bytes()[:900])
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    teacher = tiny_teacher(tmp_path / "teacher.onnx")
    return Recipe(Preprocess.aligned(96, 4), teacher, Search(share=0.3), held_out=0, shard=4, same=0)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_a_data_set_holds(home: Path, recipe: Recipe, tmp_path: Path) -> None:
    manifest = prepare([home], recipe, tmp_path / "set")
    data = Dataset.open(tmp_path / "set")
    assert data.manifest == manifest
    assert manifest.complete and manifest.photos == 15
    assert manifest.skipped == {"no_face": 1, "unreadable": 1}
    assert len(data) == manifest.splits["train"] == 13
    rows = [row for shard in data.shards for row in shard.read_rows()]
    assert len({row["key"] for row in rows}) == 13
    assert {row["identity"] for row in rows} == {"home:person0", "home:person1", "home:person2", ""}
    for shard in data.shards:
        assert shard.crops.shape == (len(shard), 104, 104, 3) and shard.crops.dtype == np.uint8
        assert shard.embeddings.shape == (len(shard), 48) and shard.embeddings.dtype == np.float32
        assert isinstance(shard.crops, np.memmap)


def test_crops_and_embeddings_belong_to_their_rows(home: Path, recipe: Recipe, tmp_path: Path) -> None:
    prepare([home], recipe, tmp_path / "set")
    shard = Dataset.open(tmp_path / "set").shards[0]
    teacher = worker.Teacher(recipe.teacher)
    for pixels, embedding, row in zip(shard.crops, shard.embeddings, shard.read_rows(), strict=True):
        photo = read_photo(home.parent / row["key"])
        points = np.array(row["landmarks"])
        assert np.abs(crop(photo, points, recipe.preprocess).astype(int) - pixels).mean() < 1
        assert np.allclose(teacher.embed(crop(photo, points, TEACHER_VIEW)[None])[0], embedding, atol=0.02)
        assert row["native"] == pytest.approx(26, rel=0.15)


def test_files_with_embeddings_are_private(home: Path, recipe: Recipe, tmp_path: Path) -> None:
    prepare([home], recipe, tmp_path / "set")
    for path in (tmp_path / "set").iterdir():
        if path.name != "manifest.json":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_recipe_gives_the_same_bytes_also_in_two_processes(home: Path, recipe: Recipe, tmp_path: Path) -> None:
    prepare([home], recipe, tmp_path / "one")
    prepare([home], recipe, tmp_path / "two", workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


Make = Callable[..., Any]


def interrupted(after: int, make: Make) -> Make:
    """Return `make_shard` as it is when somebody presses Ctrl-C in the shard after `after` others."""
    made: list[int] = []

    def make_some(*args: Any) -> Any:
        if len(made) == after:
            raise KeyboardInterrupt
        made.append(1)
        return make(*args)

    return make_some


@pytest.mark.parametrize("after", [0, 1, 3])
def test_an_interrupted_run_goes_on(
    home: Path, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    prepare([home], recipe, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(pool, "make_shard", interrupted(after, pool.make_shard))
        with pytest.raises(KeyboardInterrupt):
            prepare([home], recipe, tmp_path / "set")
    part = Dataset.open(tmp_path / "set")
    assert len(part.shards) == after and not part.manifest.complete
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").glob("crops-*")}
    prepare([home], recipe, tmp_path / "set")
    assert files(tmp_path / "set") == files(tmp_path / "whole")
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())


def _read(shard: Shard, what: str) -> None:
    list(shard.read_rows()) if what == "rows" else getattr(shard, what)


@pytest.mark.parametrize("what", ["crops", "embeddings", "rows"])
def test_a_damaged_shard_is_named_and_made_again(home: Path, recipe: Recipe, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "set"
    prepare([home], recipe, folder)
    right = files(folder)
    path = next(folder.glob(f"{what}-00002.*"))
    flipped = bytearray(path.read_bytes())
    flipped[-9] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(UserError, match="shard 00002 is damaged"):
        Dataset.open(folder)
    path.unlink()
    with pytest.raises(UserError, match="shard 00002 is damaged"):
        _read(Dataset.open(folder, verify=False).shards[2], what)
    prepare([home], recipe, folder)
    assert files(folder) == right


def test_a_folder_with_something_else_is_left_alone(home: Path, recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("dear")
    with pytest.raises(UserError, match="not empty"):
        prepare([home], recipe, tmp_path / "mine")
    prepare([home], recipe, tmp_path / "set")
    with pytest.raises(UserError, match="in another way"):
        prepare([home], replace(recipe, seed=2), tmp_path / "set")
    with pytest.raises(UserError, match="holds no data set"):
        Dataset.open(tmp_path / "mine")


def test_a_damaged_manifest(home: Path, recipe: Recipe, tmp_path: Path) -> None:
    manifest = prepare([home], recipe, tmp_path / "set")
    assert Manifest.load(tmp_path / "set") == manifest
    path = tmp_path / "set/manifest.json"
    text = path.read_text()
    for damaged in (
        text[:100],
        "[]",
        text.replace('"planned"', '"plan"'),
        text.replace('"version": 1', '"version": 7'),
    ):
        path.write_text(damaged)
        with pytest.raises(UserError, match=r"manifest\.json"):
            Dataset.open(tmp_path / "set")


def test_people_never_cross_the_split_and_strangers_like_them_are_left_out(
    home: Path, recipe: Recipe, tmp_path: Path
) -> None:
    manifest = prepare([home], replace(recipe, held_out=1), tmp_path / "set")
    rows = [row for shard in Dataset.open(tmp_path / "set").shards for row in shard.read_rows()]
    assert {row["identity"] for row in rows if row["split"] == "held_out"} == {f"home:person{n}" for n in range(3)}
    assert [row for row in rows if row["split"] == "train"] == []  # the stranger is drawn by the same hand
    assert manifest.skipped["near_held_out"] == 1
    told = [json.loads(line) for path in (tmp_path / "set").glob("skipped-*") for line in path.read_text().splitlines()]
    assert {"key": "home/stranger.png", "reason": "near_held_out"} in told


def entries(people: int, photos: int) -> list[PhotoEntry]:
    return [PhotoEntry(f"{p}/{n}", "s", f"s:{p}", "people", "x") for p in range(people) for n in range(photos)]


def photos_of(people: int, photos: int) -> dict[str, int]:
    return {f"s:{p}": photos for p in range(people)}


def test_the_split_takes_one_in_so_many_and_depends_on_names_alone(recipe: Recipe) -> None:
    recipe = replace(recipe, held_out=20)
    held = drawn(photos_of(4000, 4), recipe)
    assert 0.04 < len(held) / 4000 < 0.06
    assert drawn(photos_of(400, 4), recipe) == held & set(photos_of(400, 4))
    assert drawn(photos_of(4000, 1), recipe) == frozenset()
    assert held <= drawn(photos_of(4000, 4), replace(recipe, held_out=10))


def test_eight_people_are_enough_to_hold_two_out(recipe: Recipe) -> None:
    rare = replace(recipe, held_out=10**9)
    assert drawn(photos_of(7, 4), rare) == frozenset()
    assert len(drawn(photos_of(8, 4), rare)) == 2
    assert len(drawn(photos_of(8, 2) | {"s:many": 9}, rare)) == 2
    assert drawn(photos_of(8, 1), rare) == frozenset()
    assert drawn(photos_of(100, 4), replace(rare, held_out=0)) == frozenset()


def test_every_photo_is_in_one_shard_held_out_first_and_shuffled(recipe: Recipe, tmp_path: Path) -> None:
    photos = entries(300, 5)
    plan = make_plan(iter(photos), replace(recipe, held_out=10, shard=64), tmp_path, frozenset())
    read = [[each.entry for each in read_task(tmp_path, task)] for task in plan.tasks]
    assert [task.number for task in plan.tasks] == list(range(len(plan.tasks)))
    assert sorted(entry.key for part in read for entry in part) == sorted(entry.key for entry in photos)
    splits = [task.split for task in plan.tasks]
    assert splits == sorted(splits) and set(splits) == {"held_out", "train"}
    assert all(task.count == 64 for task in plan.tasks[1:-1] if task.split == plan.tasks[task.number + 1].split)
    first = [int(entry.identity[2:]) for entry in read[splits.index("train")]]
    assert 110 < np.mean(first) < 190
    again = make_plan(reversed(photos), replace(recipe, held_out=10, shard=64), tmp_path, frozenset())
    assert again == plan


def test_the_same_collection_twice(home: Path, recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="listed twice"):
        prepare([home, home], recipe, tmp_path / "set")


def test_progress_is_told_photo_by_photo(home: Path, recipe: Recipe, tmp_path: Path) -> None:
    plan = make_plan(Source(home).photos(), recipe, tmp_path / "set", frozenset())
    told: list[int] = []
    done = list(pool.made(plan.tasks, worker.Job(recipe, tmp_path / "set", 0), Workers(), told.append))
    assert told == list(range(1, 16))
    assert [each.info.number for each in done] == [task.number for task in plan.tasks]
    assert all(set(each.seconds) >= {"detection", "teacher"} for each in done)
