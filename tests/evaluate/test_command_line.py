"""`microface evaluate` from pictures to JSON; crops of photos without a face."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from microface.cli.evaluate import app
from microface.errors import UserError
from microface.evaluate.crops import crops_of_files
from microface.evaluate.engines import open_engine
from microface.evaluate.people import people_files
from microface.photos.preprocess import Preprocess

PAIRS = (
    "2\t2\n"
    "Ada\t1\t2\nBen\t1\t2\nAda\t1\tBen\t1\nBen\t2\tCleo\t1\n"
    "Cleo\t1\t3\nDan\t2\t3\nCleo\t2\tDan\t1\nEve\t1\tFinn\t1\n"
)


def invoke(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_lfw_writes_what_it_measured(package_file: Path, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text(PAIRS)
    outputs = ("--json", tmp_path / "lfw.json", "--roc", tmp_path / "roc.png")
    inputs = ("--root", tmp_path, "--pairs", tmp_path / "pairs.txt", "--folds", "1-2")
    said = invoke("lfw", package_file, *inputs, *outputs)
    value = json.loads((tmp_path / "lfw.json").read_text())
    keys = {"accuracy", "std_error", "auc", "tar_at_far", "pairs", "failed_detections", "network", "model_id"}
    assert keys | {"engine", "score", "mirror", "crop", "folds"} <= set(value)
    assert value["pairs"] == 8 and value["failed_detections"] == 12 and value["folds"] == [1, 2]
    assert value["accuracy"] == 1 and value["auc"] == 1  # patterns with little noise are told apart
    assert (value["engine"], value["score"], value["crop"], value["mirror"]) == ("integer", "l2norm", "aligned", False)
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert "100.00 %" in said and (tmp_path / "roc.png").stat().st_size > 1000


def test_options_change_what_is_measured(package_file: Path, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text(PAIRS)
    common = ("lfw", package_file, "--root", pictures, "--pairs", tmp_path / "pairs.txt", "--json", tmp_path / "l.json")
    invoke(*common, "--mirror", "--score", "l1", "--crop", "boxes")
    value = json.loads((tmp_path / "l.json").read_text())
    assert (value["score"], value["crop"], value["mirror"]) == ("l1", "boxes", True)


def test_open_set_writes_what_it_measured(package_file: Path, pictures: Path, tmp_path: Path) -> None:
    outputs = ("--json", tmp_path / "open.json", "--roc", tmp_path / "open.svg")
    options = ("--times", 2, "--enrolled", 2, "--rate", 0.2)
    said = invoke("open-set", package_file, "--root", pictures, *options, *outputs)
    value = json.loads((tmp_path / "open.json").read_text())
    assert (value["people"], value["enrolled"], value["visits"], value["strangers"]) == (6, 3, 6, 18)
    assert value["from_statistics"]["threshold"] > 0 and value["failed_detections"] == value["photos"] == 18
    assert value["best_corner"]["named_right"] == 1 and "named right" in said


@pytest.mark.parametrize("verb", ["lfw", "open-set"])
def test_help_shows_an_example(verb: str) -> None:
    assert f"microface evaluate {verb} default" in " ".join(invoke(verb, "--help").split())


def test_what_is_not_there_is_named(package_file: Path, pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not an engine"):
        open_engine("double", str(package_file))  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"noise\.float\.onnx: is missing"):
        open_engine("float", str(package_file))
    with pytest.raises(UserError, match="needs the teacher"):
        open_engine("teacher", str(package_file))
    (tmp_path / "list.txt").write_text("women/Ada/Ada_0001.jpg\nwomen/Ada/Ada_0009.jpg\n")
    with pytest.raises(UserError, match=r"list\.txt:2"):
        people_files(pictures, tmp_path / "list.txt")
    with pytest.raises(UserError, match="choose aligned, boxes, centre"):
        crops_of_files(pictures, ["Ada/Ada_0001.jpg"], Preprocess.aligned(16), "round")  # type: ignore[arg-type]


def test_lists_pick_photos_of_people(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("men/Ben/Ben_0001.jpg\nwomen/Ada/Ada_0001.jpg\nwomen/Ada/Ada_0003.jpg\n")
    photos = people_files(pictures, tmp_path / "list.txt")
    assert photos.files == ("Ben/Ben_0001.jpg", "Ada/Ada_0001.jpg", "Ada/Ada_0003.jpg")
    assert photos.owners.tolist() == [1, 0, 0] and photos.names == ("Ada", "Ben")
    assert photos.group_names == ("men", "women") and photos.only("women").tolist() == [1, 2]
    assert len(people_files(pictures).files) == 18
