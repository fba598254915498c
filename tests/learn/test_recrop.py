"""Crops of another kind from rows and photos alone: what is cut, what is left out, and what is told of it."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from microface.cli.app import app
from microface.errors import UserError
from microface.learn.recrop import Recrop, recrop
from microface.learn.train.place import CPU
from microface.photos.align import TEMPLATE
from microface.photos.crop import TEACHER_VIEW, crop_box, crop_face
from microface.photos.crop import crop as cut
from microface.photos.dataset import Dataset, Manifest, ShardInfo
from microface.photos.face import Face
from microface.photos.layouts import list_photos
from microface.photos.preprocess import Preprocess
from microface.photos.read import decode_photo
from microface.photos.teacher import Teacher
from teachers import tiny_teacher


def test_recropped_faces_are_the_prepared_ones_and_embedded_again(tmp_path: Path) -> None:
    """Rows and photos suffice: a folder of drawn photos, rows with landmarks, the crops of another size."""
    photos, rows, crop = tmp_path / "photos", tmp_path / "rows", Preprocess.aligned(32, margin=2)
    faces = _drawn_rows(photos, rows)
    teacher = tiny_teacher(tmp_path / "teacher.onnx")
    manifest = recrop(rows, [photos], tmp_path / "out", Recrop(crop, teacher, 1), CPU)
    assert (manifest.rows, manifest.skipped) == (3, {"no_photo": 1})
    shard = Dataset.open(tmp_path / "out").shards[0]
    photo = decode_photo((photos / "Ada" / "0.png").read_bytes(), "0")
    assert np.array_equal(shard.crops[0], crop_face(photo, Face.from_json(faces[0]), crop))
    view = cut(photo, Face.from_json(faces[0]).points, TEACHER_VIEW)
    assert np.allclose(shard.embeddings[0], Teacher(teacher).embed(view[None])[0], atol=1e-5)
    assert recrop(rows, [photos], tmp_path / "out", Recrop(crop, teacher, 1), CPU) == manifest


def test_recropped_faces_keep_the_stored_embeddings_unless_a_teacher_is_given(tmp_path: Path) -> None:
    photos, rows, crop = tmp_path / "photos", tmp_path / "rows", Preprocess.loose(48, 64)
    _drawn_rows(photos, rows)
    np.save(rows / "embeddings-00000.npy", np.random.default_rng(2).normal(size=(4, 512)).astype(np.float32))
    before = Dataset.open(rows, verify=False).shards[0]
    manifest = recrop(rows, [photos], tmp_path / "out", Recrop(crop, None, 1), CPU)
    after = Dataset.open(tmp_path / "out").shards[0]
    places = [place for place, row in enumerate(before.read_rows()) if row["key"] != "lost"]
    assert [row["key"] for row in after.read_rows()] == [before.read_rows()[place]["key"] for place in places]
    assert after.crops.shape[1:] == (64, 48, 3) and len(np.unique(after.embeddings, axis=0)) == 3
    assert np.array_equal(after.embeddings, before.embeddings[places])
    assert manifest.teacher == Dataset.open(rows, verify=False).manifest.teacher
    with pytest.raises(UserError, match="another data set"):
        recrop(rows, [photos], tmp_path / "out", Recrop(Preprocess.loose(64, 48), None, 1), CPU)


def test_photos_that_were_forgotten_are_not_taken_for_lost(tmp_path: Path) -> None:
    photos, rows, some, out = (tmp_path / name for name in ("photos", "rows", "some", "out"))
    _drawn_rows(photos, rows)
    np.save(rows / "embeddings-00000.npy", np.ones((4, 512), np.float32))
    options = Recrop(Preprocess.aligned(32), None, 1)
    (some / "Bo").mkdir(parents=True)
    (photos / "Ada" / "2.png").rename(some / "Bo" / "9.png")
    with pytest.raises(UserError, match="has no face in these photos; give the collections"):
        recrop(rows, [some], out, options, CPU)
    assert recrop(rows, [photos], out, options, CPU).skipped == {"no_photo": 2}
    (some / "Bo" / "9.png").rename(photos / "Ada" / "2.png")
    with pytest.raises(UserError, match="another data set"):
        recrop(rows, [photos], out, options, CPU)


def test_held_out_people_alone_are_placed_by_boxes(tmp_path: Path) -> None:
    """The same scale as aligned crops, the places of an average face in the box; nobody else is decoded or counted."""
    photos, rows = tmp_path / "photos", tmp_path / "rows"
    faces = _drawn_rows(photos, rows)
    stored = np.random.default_rng(2).normal(size=(4, 512)).astype(np.float32)
    np.save(rows / "embeddings-00000.npy", stored)
    path = next(rows.glob("rows-*"))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    place = next(i for i, line in enumerate(lines) if line["key"] == faces[1]["key"])
    lines = [line | {"split": "held_out" if i == place else "train"} for i, line in enumerate(lines)]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    told = ["recrop", str(rows), str(photos), "--crop", "boxes", "--size", "32", "--margin", "0", "--held-out"]
    run = CliRunner().invoke(app, [*told, "--output", str(tmp_path / "out"), "--processes", "1"])
    assert run.exit_code == 0, run.output
    data = Dataset.open(tmp_path / "out")
    assert (len(data), data.manifest.skipped, data.manifest.splits) == (1, {}, {"held_out": 1})
    photo = decode_photo((photos / "Ada" / "1.png").read_bytes(), "1")
    crop = Preprocess.aligned(32)
    assert data.manifest.preprocess == crop.by_boxes and data.crops_by_boxes(crop)
    assert np.array_equal(data.shards[0].crops[0], crop_box(photo, Face.from_json(faces[1]).box, crop))
    assert np.array_equal(data.shards[0].embeddings[0], stored[place])


def test_rows_and_recipe_tell_of_the_new_crops(tmp_path: Path) -> None:
    photos, rows, crop = tmp_path / "photos", tmp_path / "rows", Preprocess.loose(48, 48).widened(8)
    _drawn_rows(photos, rows)
    manifest = recrop(rows, [photos], tmp_path / "out", Recrop(crop, tiny_teacher(tmp_path / "t.onnx"), 1), CPU)
    data = Dataset.open(tmp_path / "out")
    assert data.content == (48, 48) and manifest.native == 3  # boxes of 100 x 120 pixels are not enlarged
    # 128 pixels around x = 60: one of six columns lies beyond the photo's left edge
    assert [(row["enlarged"], row["outside"]) for row in data.shards[0].read_rows()] == [(0.376, 0.167)] * 3
    before = Dataset.open(rows, verify=False).manifest
    changed = {"preprocess": crop.to_json(), "enlarge": None, "recropped": before.recipe_id}
    assert manifest.recipe == before.recipe | changed and manifest.recipe["seed"] == 7


def test_faces_that_would_be_enlarged_too_much_are_left_out_and_counted(tmp_path: Path) -> None:
    photos, rows = tmp_path / "photos", tmp_path / "rows"
    faces = _drawn_rows(photos, rows, small=1)
    np.save(rows / "embeddings-00000.npy", np.random.default_rng(2).normal(size=(4, 512)).astype(np.float32))
    (photos / "Ada" / "2.png").write_bytes(b"no picture")
    told = ["recrop", str(rows), str(photos), "--crop", "loose", "--size", "96", "--height", "96", "--margin", "16"]
    run = CliRunner().invoke(app, [*told, "--output", str(tmp_path / "out"), "--processes", "1"])
    assert run.exit_code == 0, run.output
    data = Dataset.open(tmp_path / "out")
    assert data.content == (96, 96) and data.shards[0].crops.shape[1:] == (128, 128, 3)
    assert [row["key"] for row in data.shards[0].read_rows()] == [faces[0]["key"]]
    assert data.manifest.skipped == {"no_photo": 1, "too_small": 1, "unreadable": 1}
    assert data.manifest.recipe["enlarge"] == 1.5 and "enlarged too much" in run.output
    everybody = CliRunner().invoke(app, [*told, "--output", str(tmp_path / "all"), "--enlarge", "9"])
    assert everybody.exit_code == 0 and len(Dataset.open(tmp_path / "all")) == 2
    with pytest.raises(UserError, match=r"no face in these photos that can be cropped so \(1 no_photo, 2 too_small"):
        recrop(rows, [photos], tmp_path / "none", Recrop(Preprocess.loose(480), None, 1, enlarge=1), CPU)
    with pytest.raises(UserError, match="is no limit"):
        Recrop(Preprocess.loose(), enlarge=0.5)


@pytest.mark.parametrize("crop", ["aligned", "loose"])
def test_light_is_corrected_in_what_is_stored_and_what_is_shipped(tmp_path: Path, crop: str) -> None:
    photos, rows = tmp_path / "photos", tmp_path / "rows"
    faces = _drawn_rows(photos, rows)
    np.save(rows / "embeddings-00000.npy", np.ones((4, 512), np.float32))
    told = ["recrop", str(rows), str(photos), "--crop", crop, "--size", "48", "--processes", "1", "--enlarge", "99"]
    run = CliRunner().invoke(app, [*told, "--light", "spread", "--output", str(tmp_path / "out")])
    assert run.exit_code == 0, run.output
    data = Dataset.open(tmp_path / "out")
    photo = decode_photo((photos / "Ada" / "0.png").read_bytes(), "0")
    plain = crop_face(photo, Face.from_json(faces[0]), replace(data.manifest.preprocess, light="none"))
    lit = crop_face(photo, Face.from_json(faces[0]), data.manifest.preprocess)
    assert data.manifest.preprocess.light == "spread" and np.array_equal(data.shards[0].crops[0], lit)
    assert not np.array_equal(lit, plain)
    with pytest.raises(UserError, match="'dusk' is unknown; use none or spread"):
        CliRunner().invoke(app, [*told, "--light", "dusk", "--output", str(tmp_path / "no")], catch_exceptions=False)


def _drawn_rows(photos: Path, rows: Path, small: int = -1) -> list[dict[str, object]]:
    """Write three photos and a data set of rows alone, the fourth of which has no photo; return the rows.

    The face of row `small` is a fifth as wide as the others.
    """
    (photos / "Ada").mkdir(parents=True)
    rows.mkdir()
    random = np.random.default_rng(1)
    for number in range(3):
        grid = cv2.resize(random.integers(0, 256, (9, 9, 3), np.uint8), (130, 150))
        cv2.imwrite(str(photos / "Ada" / f"{number}.png"), grid)
    keys = [entry.key for entry in list_photos(photos)] + ["lost"]
    points = np.add(TEMPLATE, (8, 20)).round(2).tolist()
    box = {"box": [10.0, 20.0, 110.0, 140.0], "landmarks": points, "score": 1.0, "enlarged": 0.1, "outside": 0.9}
    faces = [{"key": key, "source": "drawn", "identity": "Ada", "split": "train", **box} for key in keys]
    if small >= 0:
        faces[small] |= {"box": [40.0, 40.0, 60.0, 64.0], "landmarks": (np.array(points) / 5 + 40).tolist()}
    (rows / "rows-00000.jsonl").write_text("".join(json.dumps(face) + "\n" for face in faces))
    infos = (ShardInfo(0, 4, {"train": 4}, {}, {}),)
    Manifest(Preprocess.aligned(96), {"sha256": "x"}, {"seed": 7, "preprocess": {}}, "drawn", 4, 1, infos).save(rows)
    return faces
