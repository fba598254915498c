"""Whole reports, comparison and cards of a package on noise, and counting what an ONNX file costs."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from microface.cli.evaluate import app
from microface.errors import UserError
from microface.evaluate.costs import costs, parameters
from microface.evaluate.onnx_cost import onnx_cost
from microface.models import ModelPackage

PAIRS = (
    "2\t2\n"
    "Ada\t1\t2\nBen\t1\t2\nAda\t1\tBen\t1\nBen\t2\tCleo\t1\n"
    "Cleo\t1\t3\nDan\t2\t3\nCleo\t2\tDan\t1\nEve\t1\tFinn\t1\n"
)
CHIP = "stm32h743zi"


@pytest.fixture
def material(pictures: Path, tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "pairs.txt").write_text(PAIRS)
    names = (("first", ("Ada", "Ben", "Cleo")), ("second", ("Dan", "Eve", "Finn")))
    lines = [f"{group}/{name}/{name}_{i:04d}.jpg\n" for group, people in names for name in people for i in (1, 2, 3)]
    (tmp_path / "people.txt").write_text("".join(lines))
    places = ("--root", pictures, "--pairs", tmp_path / "pairs.txt", "--people", tmp_path / "people.txt")
    return (*places, "--target", CHIP, "--plan", "--threads", 1)


def invoke(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_report_is_one_page_with_its_pictures_and_figures(
    package_file: Path, material: tuple[object, ...], tmp_path: Path
) -> None:
    invoke("report", package_file, *material, "--output", tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    value = json.loads((tmp_path / "out" / "report.json").read_text())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "report.json"]
    assert 'src="http' not in page and page.count("data:image/png") == 4 and page.count("data:image/jpeg") == 9
    assert value["lfw"]["aligned"]["accuracy"] == 1 and "100.00 ±" in page
    assert set(value["lfw"]) == {
        f"{crop}{m}" for crop in ("aligned", "boxes", "centre") for m in ("", ", mirror added")
    }
    assert [each["top1"] for each in value["identification"]["boxes"]] == [1, 1]
    crops = ("aligned", "boxes", "centre")
    assert value["costs"][0]["target"] == CHIP and value["held_out"] == []
    assert {crop: each["column"] for crop, each in value["groups"].items()} == dict.fromkeys(crops, "group")
    assert {crop: each["people"] for crop, each in value["open_set"].items()} == dict.fromkeys(crops, 6)
    assert {crop: len(each) for crop, each in value["conditions"].items()} == dict.fromkeys(crops, 9)
    assert all(f"accuracy, {crop}" in page and f"by group, {crop};" in page for crop in crops)


def test_all_networks_stand_in_one_table(package_file: Path, material: tuple[object, ...], tmp_path: Path) -> None:
    outputs = ("--json", tmp_path / "all.json", "--markdown", tmp_path / "all.md")
    invoke("all", package_file, *material, *outputs)
    (row,) = json.loads((tmp_path / "all.json").read_text())["networks"]
    assert (row["network"], row["engine"], row["lfw"], row["lfw_float"]) == ("noise", "integer", 1, None)
    named = {"first": 1, "second": 1}
    assert set(row["as_shipped"]) == {"boxes", "centre"}
    assert row["identification_as_shipped"] == {"boxes": named, "centre": named}
    assert row["macs"] == 8 * 16 * 16 * 3 and row["parameters"] == row["macs"] + 8
    assert row["identification"] == {"first": 1, "second": 1}
    head, _, line = (tmp_path / "all.md").read_text().splitlines()
    assert head.count("|") == line.count("|") and "noise" in line and f"{CHIP}: flash" in head


def test_a_card_is_filled_and_keeps_the_model(package_file: Path, material: tuple[object, ...], tmp_path: Path) -> None:
    own = tmp_path / "mine.mface"
    ModelPackage.load(package_file).save(own)
    for _ in range(2):  # the second time replaces the first
        said = invoke("card", own, *material)
    package = ModelPackage.load(own)
    metrics = [each.metric for each in package.card.measurements]
    lfw = ["lfw accuracy", "lfw accuracy, mirror added", "lfw accuracy, boxes", "lfw accuracy, centre"]
    people = [f"identification of {g}{c}" for c in ("", ", boxes", ", centre") for g in ("first", "second")]
    assert sorted(metrics) == sorted(lfw + people) and package.model_id == ModelPackage.load(package_file).model_id
    assert [each.target for each in package.card.costs] == [CHIP] and not package.card.costs[0].counted
    assert (
        "microface evaluate lfw noise --root lfw --pairs lfw/pairs.txt --folds 1-2 --engine integer --crop boxes"
        in said
    )


def teacher_file(folder: Path) -> Path:
    """A teacher by the shapes of its ends: means of 16 squares of each colour."""
    nodes = [
        helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[28, 28], strides=[28, 28]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]
    ends = ("x", ["n", 3, 112, 112]), ("y", ["n", 48])
    source, result = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends)
    model = helper.make_model(helper.make_graph(nodes, "g", [source], [result]), ir_version=10)
    model.opset_import[0].version = 17
    onnx.save(model, folder / "FILE.onnx")
    return folder / "FILE.onnx"


def test_the_teachers_commands_on_a_card_run_as_they_are_printed(
    package_file: Path, material: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "mine.mface"
    ModelPackage.load(package_file).save(own)
    invoke("card", own, *material, "--teacher", teacher_file(tmp_path))
    figures = [each for each in ModelPackage.load(own).card.measurements if each.engine == "teacher"]
    assert len(figures) == 3 and len({each.command for each in figures}) == 2
    (tmp_path / "noise").write_bytes(own.read_bytes())
    for name, printed in (("pairs.txt", "pairs.txt"), ("people.txt", "people_30.txt")):
        (tmp_path / "lfw" / printed).write_text((tmp_path / name).read_text())
    monkeypatch.chdir(tmp_path)
    for figure in figures:
        said = invoke(*figure.command.split()[2:])
        assert f"{100 * figure.value:.2f}" in said or f"{100 * figure.value:.1f}" in said


def test_what_does_not_fit_a_chip_is_told(package_file: Path) -> None:
    package = ModelPackage.load(package_file)
    assert parameters(package.network) == 8 * 768 + 8
    found, refused = costs(package, (CHIP, "no-such-chip"), count=False)
    assert len(found) == 1 and "is not a target" in refused[0]


def test_an_onnx_files_cost_is_counted_through_its_dequantised_weights(tmp_path: Path) -> None:
    weights = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.int8), "w8")
    scale = numpy_helper.from_array(np.array(0.1, np.float32), "scale")
    bias = numpy_helper.from_array(np.zeros(4, np.float32), "b")
    slope = numpy_helper.from_array(np.zeros((4, 1, 1), np.float32), "slope")
    nodes = [
        helper.make_node("DequantizeLinear", ["w8", "scale"], ["w"]),
        helper.make_node("Conv", ["x", "w", "b"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("PRelu", ["c", "slope"], ["y"]),
    ]
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4, 4, 4])
    graph = helper.make_graph(nodes, "g", [source], [result], [weights, scale, bias, slope])
    onnx.save(helper.make_model(graph), tmp_path / "net.onnx")
    assert onnx_cost(tmp_path / "net.onnx") == (4 * 4 * 4 * 27, 4 * 27 + 4 + 4)
    (tmp_path / "bad.onnx").write_bytes(b"no")
    with pytest.raises(UserError, match="is not an ONNX network"):
        onnx_cost(tmp_path / "bad.onnx")


def test_the_teachers_cost_is_the_published_one(shared: Path) -> None:
    assert onnx_cost(shared / "data" / "teacher_mbf_512.onnx") == (436_832_256, 3_397_248)
