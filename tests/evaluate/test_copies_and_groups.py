"""Poor copies of photos, and rates by group, where the answers are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microface.cli.evaluate import app
from microface.errors import UserError
from microface.evaluate.copies import COPIES
from microface.evaluate.crops import crops_of_files, shipped_crops, shown_crop
from microface.evaluate.engines import Engine
from microface.evaluate.groups import Subjects, labels, measure_groups, with_table
from microface.metrics.person_pairs import count_pairs, true_accept_rates
from microface.network.scores import Score
from microface.photos.align import TEMPLATE
from microface.photos.preprocess import Preprocess

COPY = {copy.name: copy for copy in COPIES}


def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", COPY)
def test_a_copy_is_a_photo_of_the_same_size_and_repeats(name: str) -> None:
    before = photo()
    (copy, points), (again, _) = (COPY[name].make(before, TEMPLATE, "Ada/1.jpg") for _ in range(2))
    assert copy.shape == before.shape and copy.dtype == np.uint8 and np.array_equal(copy, again)
    assert np.array_equal(before, photo())  # the photo itself stays
    assert np.array_equal(copy, before) == (name == "turned") and np.array_equal(points, TEMPLATE) == (name != "turned")


def test_copies_do_what_their_names_say() -> None:
    made = {name: copy.make(photo(), TEMPLATE, "a")[0].astype(float) for name, copy in COPY.items()}
    assert made["dark"].mean() < photo().mean() / 6
    assert (made["grey"] == made["grey"][..., :1]).all()
    assert all(made[name].std() < photo().std() / 2 for name in ("small", "blurred"))
    assert (made["mouth covered"][92, 41:70] == 60).all() and (made["mouth covered"][50] == photo()[50]).all()
    assert (made["eyes covered"][52, 38:74] == 60).all() and (made["eyes covered"][92] == photo()[92]).all()


def test_turned_landmarks_are_turned_by_fifteen_degrees() -> None:
    _, points = COPY["turned"].make(photo(), TEMPLATE, "a")
    before, after = (np.arctan2(*(each[1] - each[0])[::-1]) for each in (TEMPLATE, points))
    assert abs(np.rad2deg(after - before)) == pytest.approx(15)
    assert points.mean(axis=0) == pytest.approx(TEMPLATE.mean(axis=0))


def test_a_package_without_landmarks_is_not_called_aligned() -> None:
    own = [shown_crop(how, Preprocess.aligned(96)) for how in ("aligned", "boxes")]
    loose = [shown_crop(how, Preprocess.loose()) for how in ("aligned", "centre")]
    assert own == ["aligned", "boxes"] and loose == ["loose, by the box alone", "centre"]


def test_the_crop_of_a_copy_differs(pictures: Path) -> None:
    files, crop = ["Ada/Ada_0001.jpg"], Preprocess.aligned(16)
    plain = crops_of_files(pictures, files, crop)[0]
    same = [copy.name for copy in COPIES if np.array_equal(plain, crops_of_files(pictures, files, crop, copy=copy)[0])]
    assert same == ["small"]  # its eyes are less than ten pixels apart as it is
    assert shipped_crops(Preprocess.aligned(96)) == ("boxes", "centre") and shipped_crops(Preprocess.loose()) == (
        "centre",
    )


PLACES = np.array([0, 1, 10, 12, 11])
OWNERS = np.array([0, 0, 1, 1, 2])
DISTANCES = np.abs(PLACES[:, None] - PLACES[None, :])


def test_pairs_of_people_are_counted_once() -> None:
    pairs = count_pairs(DISTANCES, OWNERS, 1)
    assert pairs.total.tolist() == [[1, 4, 2], [0, 1, 2], [0, 0, 0]]
    assert pairs.accepted.tolist() == [[1, 0, 0], [0, 0, 2], [0, 0, 0]]
    true, false = pairs.true_accepts(), pairs.false_accepts()
    assert true is not None and (true.value, true.pairs) == (0.5, 2) and true.low <= 0.5 <= true.high
    assert false is not None and (false.value, false.pairs) == (0.25, 8)
    swapped = count_pairs(DISTANCES[::-1, ::-1], OWNERS[::-1], 1)
    assert np.array_equal(swapped.total, pairs.total)
    assert count_pairs(np.zeros((1, 1)), np.zeros(1, int), 1).true_accepts() is None


def test_rates_without_enough_impostor_pairs_are_not_told() -> None:
    assert true_accept_rates(DISTANCES, OWNERS, (0.1, 0.01)) == {}


def engine() -> Engine:
    return Engine("integer", "rows", "ab" * 32, Preprocess.aligned(16), Score("l1"), None)  # type: ignore[arg-type]


def subjects() -> Subjects:
    """Twelve people with three photos: those of `near` lie close to each other, those of `far` do not."""
    places = np.array([[i * (2 if i < 6 else 100) + j for j in range(3)] for i in range(12)]).reshape(-1, 1)
    owners = np.repeat(np.arange(12), 3)
    group = tuple("near" if owner < 6 else "far" for owner in owners)
    return Subjects(places, owners, {"group": group, "identity": tuple(f"p{i}" for i in owners)})


def test_groups_are_judged_by_one_threshold() -> None:
    result = measure_groups(engine(), subjects(), "group", 0.05)
    far, near = result.groups
    assert (far.group, far.people, far.photos, near.group) == ("far", 6, 18, "near")
    assert far.false_accepts is not None and far.false_accepts.value == 0
    assert near.false_accepts is not None and near.false_accepts.value > result.rate == 0.05
    assert json.dumps(result.to_json(), allow_nan=False)


def test_a_table_brings_columns(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("identity,glasses\np0,yes\np1,yes\np7,no\n")
    joined = with_table(subjects(), tmp_path / "people.csv")
    assert joined.columns["glasses"][:3] == ("yes",) * 3 and joined.columns["glasses"][6] == ""
    assert {each.group for each in measure_groups(engine(), joined, "glasses").groups} == {"(none)", "no", "yes"}
    with pytest.raises(UserError, match="choose one of glasses, group, identity"):
        measure_groups(engine(), joined, "hat")
    (tmp_path / "wrong.csv").write_text("name\nx\n")
    with pytest.raises(UserError, match="no column key or identity"):
        with_table(subjects(), tmp_path / "wrong.csv")


def test_many_numbers_are_cut_into_quarters() -> None:
    assert labels(["b", "", "a"]).tolist() == ["b", "(none)", "a"]
    assert labels([2, 2.0, "3"]).tolist() == ["2", "2", "3"]
    cut = labels(list(range(100)))
    assert np.unique(cut, return_counts=True)[1].tolist() == [25] * 4 and cut[0].startswith("1: below")


PAIRS = "1\t2\nAda\t1\t2\nBen\t1\t2\nAda\t1\tBen\t1\nBen\t2\tCleo\t1\n"


def test_the_verbs_write_what_they_measured(package_file: Path, pictures: Path, tmp_path: Path) -> None:
    pairs = PAIRS.replace("1\t2", "2\t2", 1) + "Cleo\t1\t3\nDan\t2\t3\nCleo\t2\tDan\t1\nEve\t1\tFinn\t1\n"
    (tmp_path / "pairs.txt").write_text(pairs)
    common = ("--root", pictures, "--json", tmp_path / "out.json")
    _invoke("conditions", package_file, *common, "--pairs", tmp_path / "pairs.txt", "--picture", tmp_path / "c.png")
    value = json.loads((tmp_path / "out.json").read_text())
    assert [each["name"] for each in value["conditions"]] == ["unchanged", *COPY] and value["pairs"] == 8
    assert value["conditions"][0]["accuracy"] == value["conditions"][0]["true_accepts"] == 1
    assert (tmp_path / "c.png").stat().st_size > 1000
    _invoke("groups", package_file, *common, "--by", "identity", "--rate", "0.5")
    assert len(json.loads((tmp_path / "out.json").read_text())["groups"]) == 6
    with pytest.raises(UserError, match="give --data"):
        _invoke("groups", package_file, "--by", "group")


def _invoke(*arguments: object) -> None:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
