"""`microface train` and `microface quantize` from the command line."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

import typer
from faces import NET
from typer.testing import CliRunner

from microface.cli.quantize import quantize
from microface.cli.train import train
from microface.errors import UserError
from microface.models.package import ModelPackage

app = typer.Typer()
app.command("train")(train)
app.command("quantize")(quantize)
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
    output = _run("quantize", run, "--output", tmp_path / "mine.mface", "--method", "ptq")
    assert "held-out TAR" in output
    assert ModelPackage.load(tmp_path / "mine.mface").name == "mine"


def test_bad_arguments_are_told(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="either --epochs or --minutes"):
        _run("train", "--data", drawn, "--output", tmp_path / "run")
    with pytest.raises(UserError, match="write NAME=VALUE"):
        _run("train", "--data", drawn, "--output", tmp_path / "run", "--epochs", 1, "--option", "width")
    with pytest.raises(UserError, match="use ptq or qat"):
        _run("quantize", tmp_path, "--output", tmp_path / "x.mface", "--method", "int4")


@pytest.mark.parametrize("verb", ["train", "quantize"])
def test_help_has_an_example(verb: str) -> None:
    assert f"Example: microface {verb}" in " ".join(_run(verb, "--help").split())
