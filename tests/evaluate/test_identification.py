"""Identification of groups and strangers before their galleries, with embeddings whose answers are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microface.cli.evaluate import app
from microface.errors import UserError
from microface.evaluate.engines import Engine
from microface.evaluate.identification import identify_groups
from microface.evaluate.people import PeoplePhotos
from microface.network.scores import Score
from microface.photos.preprocess import Preprocess


def engine() -> Engine:
    return Engine("integer", "rows", "ab" * 32, Preprocess.aligned(16), Score("cosine"), None)  # type: ignore[arg-type]


def people(places: dict[tuple[str, str], list[int]]) -> tuple[PeoplePhotos, np.ndarray]:
    """People on a line: (group, name) -> places; x' has the place and a second value of 3 in each photo."""
    names = tuple(sorted(name for _, name in places))
    rows = [(group, name, place) for (group, name), line in places.items() for place in line]
    owners = np.array([names.index(name) for _, name, _ in rows])
    files = tuple(f"{name}/{i}.jpg" for i, (_, name, _) in enumerate(rows))
    centred = np.array([[place, 3] for _, _, place in rows], np.int64)
    return PeoplePhotos(files, owners, names, tuple(group for group, _, _ in rows)), centred


FOUR = {("women", "Ada"): [0, 2], ("women", "Eve"): [40, 42], ("men", "Ben"): [100, 140], ("men", "Dan"): [120, 122]}


def test_groups_are_identified_apart_and_the_others_are_strangers() -> None:
    women, men = identify_groups(engine(), *people(FOUR), rate=0.5)
    assert (women.group, women.people, women.photos, women.top1) == ("women", ("Ada", "Eve"), 4, 1)
    assert men.top1 == 0.5 and men.identified.confusion().tolist() == [[0, 2], [0, 2]]  # Ben's two lie about Dan's
    l2, l1 = women.unknown
    assert (l2.score, l1.score, l2.strangers) == ("l2", "l1", 4)
    assert l1.corner.threshold == 2 and l1.corner.named_right == 1 and l1.corner.false_accepts == 0
    assert l2.corner.threshold == 16  # eighths
    assert l1.rate == 1.0  # four strangers support no rate below 10 / 4


def test_wrong_names_count_as_the_note_counts_them() -> None:
    _, men = identify_groups(engine(), *people(FOUR))
    l1 = next(each for each in men.unknown if each.score == "l1")
    # Dan's photos are named at 2; Ben's are taken for Dan's at 19 and 21; the nearest woman stands 58 from Ben's mean.
    assert l1.corner.threshold == 2 and l1.corner.named_right == 0.5
    curve, misnamed = l1.roc, l1.roc_misnamed
    assert curve.far[curve.thresholds <= 21].max() == 0
    assert misnamed.far[misnamed.thresholds <= 21].max() == pytest.approx(2 / 6)  # of four strangers and two misnamed


def test_figures_are_json_and_name_the_matrix() -> None:
    value = json.loads(json.dumps([each.to_json() for each in identify_groups(engine(), *people(FOUR))]))
    assert value[1]["confusion"] == [[0, 2], [0, 2]] and set(value[0]["top1_by_score"]) == {
        "l1",
        "l2",
        "l2norm",
        "cosine",
    }
    assert "roc" not in value[0]["unknown"][0]


def test_one_group_has_no_strangers() -> None:
    (everybody,) = identify_groups(engine(), *people({("", "Ada"): [0, 1], ("", "Ben"): [9, 10]}))
    assert everybody.unknown == () and everybody.top1 == 1


def test_too_few_photos_or_people_are_named() -> None:
    with pytest.raises(UserError, match="Ben: has one photo"):
        identify_groups(engine(), *people({("", "Ada"): [0, 1], ("", "Ben"): [9]}))
    with pytest.raises(UserError, match="group men: has one person"):
        identify_groups(engine(), *people({("men", "Ada"): [0, 1], ("women", "Ben"): [9, 8]}))


def test_the_verb_draws_and_writes(package_file: Path, pictures: Path, tmp_path: Path) -> None:
    lines = [f"{group}/{name}/{name}_{i:04d}.jpg" for group, name in GROUPS for i in (1, 2, 3)]
    (tmp_path / "list.txt").write_text("\n".join(lines) + "\n")
    outputs = ("--json", tmp_path / "id.json", "--confusion", tmp_path / "c.png", "--roc", tmp_path / "u.svg")
    arguments = ("identification", package_file, "--root", pictures, "--people", tmp_path / "list.txt", *outputs)
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    value = json.loads((tmp_path / "id.json").read_text())
    assert [group["group"] for group in value["groups"]] == ["first", "second"] and value["teacher"] is None
    assert [group["top1"] for group in value["groups"]] == [1, 1] and value["photos"] == 18
    assert (tmp_path / "c.png").stat().st_size > 1000 and (tmp_path / "u.svg").read_bytes().startswith(b"<?xml")


GROUPS = [
    ("first" if name in "Ada Ben Cleo" else "second", name) for name in ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn")
]
