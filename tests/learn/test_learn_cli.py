"""`microface train` and `microface quantize` from the command line."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

import typer
from faces import NET
from typer.testing import CliRunner

from microface.cli.app import app as whole
from microface.cli.quantize import quantize
from microface.cli.recrop import recrop
from microface.cli.train import train
from microface.errors import UserError
from microface.models.package import ModelPackage
from microface.network.ops import WeightedOperator

app = typer.Typer()
app.command("train")(train)
app.command("quantize")(quantize)
app.command("recrop")(recrop)
_OPTIONS = [text for name, value in NET.items() for text in ("--option", f"{name}={value}")]


def _run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_train_then_quantize(drawn: Path, tmp_path: Path) -> None:
    run, figures = tmp_path / "run", tmp_path / "train.json"
    common = ["--data", drawn, "--output", run, "--batch", 32, "--threads", 1]
    _run("train", *common, "--epochs", 1, *_OPTIONS, "--json", figures)
    assert json.loads(figures.read_text())["share"] == 1.0
    options = ["--method", "ptq", "--bits", "auto", "--budget", "98.5%", "--report", tmp_path / "report.png"]
    output = _run("quantize", run, "--output", tmp_path / "mine.mface", *options)
    assert "calibrated" in output and "weights of 4 bits in" in output
    network = ModelPackage.load(tmp_path / "mine.mface").network
    assert {op.weight_bits for op in network.operators if isinstance(op, WeightedOperator)} == {4, 8}
    report = json.loads((tmp_path / "report.json").read_text())
    assert len(report["layers"]) == len(network.operators) and set(report["weight_bits"].values()) == {4, 8}
    assert (tmp_path / "report.png").stat().st_size > 0 and (tmp_path / "report-roc.png").stat().st_size > 0


def test_a_data_set_may_be_named_in_another_way_and_moved(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(drawn, tmp_path / "faces")
    monkeypatch.chdir(tmp_path)
    common = ["--output", "run", "--batch", 32, "--threads", 1, *_OPTIONS]
    _run("train", "--data", "faces", "--epochs", 1, *common)
    _run("train", "--data", tmp_path / "faces", "--epochs", 2, "--resume", *common)
    (tmp_path / "faces").rename(tmp_path / "moved")
    with pytest.raises(UserError, match="holds no data set"):
        _run("quantize", "run", "--output", "mine.mface", "--method", "ptq")
    _run("quantize", "run", "--output", "mine.mface", "--method", "ptq", "--data", "moved")
    with pytest.raises(UserError, match="names no layer"):
        _run("quantize", "run", "--output", "mine.mface", "--bits", "nolayer=4", "--data", "moved")


def test_bad_arguments_are_told(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="either --epochs or --minutes"):
        _run("train", "--data", drawn, "--output", tmp_path / "run")
    with pytest.raises(UserError, match="write NAME=VALUE"):
        _run("train", "--data", drawn, "--output", tmp_path / "run", "--epochs", 1, "--option", "width")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is not a folder"):
        _run("train", "--data", drawn, "--output", tmp_path / "file", "--epochs", 1)
    with pytest.raises(UserError, match="--height 33: only goes with --crop loose"):
        _run("recrop", drawn, tmp_path, "--output", tmp_path / "out", "--height", 33)
    with pytest.raises(UserError, match="it should be 'ptq', 'qat' or 'best'"):
        _run("quantize", tmp_path, "--output", tmp_path / "x.mface", "--method", "int4")


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--data", "x", "--output", "y", "--epochs", "1"],
        ["compare", "--data", "x", "--output", "y", "--losses", "cosine"],
        ["quantize", "x", "--output", "y.mface"],
        ["nets"],
        ["nets", "--table", "mobilenetv2"],
        ["recrop", "x", "photos", "--output", "y"],
        ["views", "x", "--teacher", "t.onnx", "--output", "y"],
        ["slim", "t.onnx", "--data", "x", "--output", "y.pt"],
    ],
)
def test_every_verb_that_needs_torch_says_so(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    result = CliRunner().invoke(whole, words)
    assert isinstance(result.exception, UserError)
    assert result.exception.reason == "needs torch" and "microface[train]" in result.exception.mend


@pytest.mark.parametrize("verb", ["train", "quantize"])
def test_help_has_an_example(verb: str) -> None:
    assert f"Example: microface {verb}" in " ".join(_run(verb, "--help").split())
