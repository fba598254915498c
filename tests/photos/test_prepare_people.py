import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawn import drawn_face
from prepare_help import people, prepared, recipe_with, rows_of
from typer.testing import CliRunner

from microface.cli.app import app
from microface.errors import UserError
from microface.photos.dataset import Dataset
from microface.photos.layouts import PhotoEntry
from microface.photos.prepare import Effort, Source, prepare
from microface.photos.prepare.plan import make_plan, read_task
from microface.photos.prepare.refuse import is_number, is_refused, names_in, plain_name
from microface.photos.prepare.tidy import refused_people
from microface.photos.preprocess import Preprocess
from teachers import tiny_teacher

LOOSE = Preprocess.loose().widened(20)


def test_loose_crops_say_how_much_they_enlarge(tmp_path: Path) -> None:
    source = people(tmp_path / "home", "Arlo/enrol-1.jpg")
    cv2.imwrite(str(source / "small.png"), drawn_face(70, 70, 22, 3)[..., ::-1])
    cv2.imwrite(str(source / "large.png"), drawn_face(480, 480, 80, 4)[..., ::-1])
    manifest = prepared(source, recipe_with(tmp_path, preprocess=LOOSE, enlarge=1.5), tmp_path / "set")
    rows, data = rows_of(tmp_path / "set"), Dataset.open(tmp_path / "set")
    assert manifest.skipped == {"too_small": 1} and "home/small.png" not in rows
    assert data.content == (160, 120) and data.shards[0].crops.shape[1:] == (200, 160, 3)
    assert rows["home/large.png"]["enlarged"] == pytest.approx(0.5, rel=0.2)
    assert rows["home/large.png"]["outside"] == 0
    assert manifest.native == sum(row["enlarged"] <= 1 for row in rows.values()) >= 1
    assert json.loads((tmp_path / "set/manifest.json").read_text())["native"] == manifest.native
    any_size = prepared(source, recipe_with(tmp_path, preprocess=LOOSE, enlarge=math.inf), tmp_path / "any")
    assert any_size.rows == 3 and any_size.skipped == {}
    cut = rows_of(tmp_path / "any")["home/small.png"]
    assert cut["enlarged"] == pytest.approx(40 / 22, rel=0.2) and cut["outside"] > 0
    inside = prepared(source, recipe_with(tmp_path, preprocess=LOOSE, outside=0.0), tmp_path / "inside")
    assert inside.skipped["cut_off"] >= 1


def test_the_box_of_a_collection_chooses_the_face(tmp_path: Path) -> None:
    left, right = drawn_face(200, 200, 36, 1), drawn_face(200, 200, 30, 2)
    images = tmp_path / "WIDER_train/images/0--Two"
    images.mkdir(parents=True)
    cv2.imwrite(str(images / "a.png"), np.hstack([left, right])[..., ::-1])
    table = tmp_path / "wider_face_split/wider_face_train_bbx_gt.txt"
    table.parent.mkdir()
    table.write_text("0--Two/a.png\n3\n55 40 90 120 0 0 0 0 0 0\n265 50 70 100 0 0 0 0 0 0\n190 5 24 24 0 0 0 0 0 0\n")
    manifest = prepared(tmp_path, recipe_with(tmp_path), tmp_path / "set")
    rows = rows_of(tmp_path / "set")
    middles = [np.mean(rows[f"wider/0--Two/a.png#{number}"]["landmarks"], axis=0)[0] for number in (0, 1)]
    assert middles == pytest.approx([100, 300], abs=12)
    assert manifest.skipped == {"no_face": 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada_Byron", "Ada Byron"), ("Byron, Ada", "ADA_BYRON"), ("José Müller", "jose_muller"), ("A.B. Li", "A_B_Li")],
)
def test_one_name_in_many_ways(one: str, other: str) -> None:
    assert plain_name(one) == plain_name(other)
    assert is_refused(other, frozenset({plain_name(one)}))


def test_numbers_are_no_names() -> None:
    entries = [PhotoEntry("k", "s", who, "people", "f") for who in ("celeba:2880", "", "x:m.0_9z", "lfw:Ada_Byron")]
    assert [is_number(each.person) for each in entries] == [True, True, True, False]
    assert "2880" not in names_in(entries) and "" not in names_in(entries)
    assert not is_refused("2880", names_in(entries)) and is_refused("Byron Ada", names_in(entries))


def test_people_of_an_evaluation_set_are_refused_by_name_and_by_likeness(tmp_path: Path, shared: Path) -> None:
    teacher = shared / "data/teacher_mbf_512.onnx"
    test = people(tmp_path / "lfw", "Arlo/enrol-1.jpg as Arlo_X/Arlo_X_0001.jpg")
    test = people(
        test, "Brisa/enrol-1.jpg as Brisa_X/Brisa_X_0001.jpg", "Brisa/enrol-2.jpg as Brisa_X/Brisa_X_0002.jpg"
    )
    names = ["Arlo/enrol-3.jpg as X Arlo/3.jpg", "Brisa/enrol-3.jpg as n1/3.jpg", "Brisa/visit-1.jpg as n1/4.jpg"]
    source = people(tmp_path / "home", *names, "Corin/enrol-1.jpg", "Corin/enrol-2.jpg")
    base = recipe_with(tmp_path, refuse=(tmp_path / "lfw",))
    recipe = type(base)(**vars(base) | {"teacher": teacher})
    effort = Effort()
    manifest = prepare([Source(source)], recipe, tmp_path / "set", effort=effort)
    assert effort.numbered == 2
    assert {row["identity"] for row in rows_of(tmp_path / "set").values()} == {"home:Corin"}
    assert manifest.skipped["refused_name"] == 1
    assert manifest.skipped["near_refused"] + manifest.skipped.get("refused_person", 0) == 2
    assert manifest.recipe["refuse"] == ["lfw"]
    assert not [path for path in (tmp_path / "set").iterdir() if path.name.startswith(".")]
    assert prepared(source, recipe, tmp_path / "set") == manifest
    with pytest.raises(UserError, match="in another way"):
        prepared(source, type(base)(**vars(recipe) | {"refuse": ()}), tmp_path / "set")


def test_a_person_mostly_refused_goes_as_a_whole(tmp_path: Path) -> None:
    from test_copies import data_set, embeddings_of, row

    rows = [row(number, identity="s:a" if number < 2 else "s:b") for number in range(6)]
    data = data_set(tmp_path, embeddings_of(6), rows)
    lines = [
        {"key": f"x/{n}", "reason": "near_refused", "identity": who} for n, who in enumerate(["s:a"] * 2 + ["s:b"])
    ]
    data.shards[0].path("skipped").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert refused_people(data) == {"s:a"}


def entry(person: str, number: int, split: Any) -> PhotoEntry:
    return PhotoEntry(f"{person}/{number}", "s", f"s:{person}", "people", "x", split=split)


def test_the_split_of_a_collection_counts_unless_names_are_asked_for(tmp_path: Path) -> None:
    photos = [entry(f"p{person}", n, "held_out" if person < 3 else "train") for person in range(9) for n in range(4)]
    recipe = recipe_with(tmp_path, held_out=10**9)
    plan = make_plan(photos, recipe, tmp_path / "a", frozenset())
    held = {
        each.entry.identity
        for task in plan.tasks
        if task.split == "held_out"
        for each in read_task(tmp_path / "a", task)
    }
    assert held == {"s:p0", "s:p1", "s:p2"}
    by_names = type(recipe)(**vars(recipe) | {"by_names": True})
    assert (
        sum(t.count for t in make_plan(photos, by_names, tmp_path / "b", frozenset()).tasks if t.split != "train") == 8
    )


def test_a_person_in_two_splits_of_a_collection(tmp_path: Path) -> None:
    photos = [entry("Ada", 1, "train"), entry("Ada", 2, "held_out")]
    with pytest.raises(UserError, match="s:Ada: is in two splits of the collection; repair"):
        make_plan(photos, recipe_with(tmp_path), tmp_path / "set", frozenset())
    by_names = recipe_with(tmp_path, by_names=True)
    assert make_plan(photos, by_names, tmp_path / "set", frozenset()).photos == 2


def test_people_with_one_photo_are_counted_and_never_held_out(tmp_path: Path) -> None:
    photos = [entry(f"p{person}", 0, "") for person in range(20)]
    plan = make_plan(photos, recipe_with(tmp_path, held_out=1), tmp_path / "set", frozenset())
    assert plan.single == 20 and {task.split for task in plan.tasks} == {"train"}


def test_a_named_layout_without_names(tmp_path: Path) -> None:
    source = people(tmp_path / "home", "Arlo/enrol-1.jpg", "Corin/enrol-1.jpg")
    recipe = recipe_with(tmp_path)
    tiny_teacher(tmp_path / "teacher.onnx")
    assert prepare([Source(source, "photos")], recipe, tmp_path / "set").rows == 2
    assert {row["identity"] for row in rows_of(tmp_path / "set").values()} == {""}


@pytest.mark.parametrize("layout", ["photos", "people"])
def test_prepare_says_what_it_means_that_nobody_is_held_out(tmp_path: Path, layout: str) -> None:
    photos = [f"Arlo/enrol-{number}.jpg as P{person}/{number}.jpg" for person in range(8) for number in (1, 2)]
    source, teacher = people(tmp_path / "home", *photos), tiny_teacher(tmp_path / "teacher.onnx")
    told = ["prepare", str(source), "--teacher", str(teacher), "--output", str(tmp_path / "set"), "--layout", layout]
    run = CliRunner().invoke(app, [*told, "--workers", "1", "--share", "0.3"])
    assert run.exit_code == 0, run.output
    assert ("nobody is held out" in run.output) == (layout == "photos")
    assert Dataset.open(tmp_path / "set").manifest.splits.get("held_out", 0) == (2 if layout == "people" else 0)
