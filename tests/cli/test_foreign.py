"""`microface import` and `export`, and other people's files in the verbs that take a network."""

import json
from pathlib import Path

import numpy as np
import pytest
from running import RunCli

from microface.cli.evaluate.options import used_engine
from microface.errors import UserError
from microface.models import ModelPackage
from microface.network import IntegerNetwork, load_network
from microface.network.anchor import RandomBuilder
from microface.network.convert.tflite import import_tflite, tflite_bytes


def write_small(path: Path) -> IntegerNetwork:
    """Write a small network to `path` as TFLite and return what is read of it."""
    builder = RandomBuilder((32, 32, 3), 4)
    x = builder.conv("stem", "input", 8, kernel=3, stride=2)
    x = builder.mean("mean", builder.depthwise("middle", x))
    builder.dense("embedding", x, 16)
    path.write_bytes(tflite_bytes(builder.build("small")))
    return import_tflite(path).network


def test_plan_build_and_emulate_a_tflite_file(cli: RunCli, tmp_path: Path) -> None:
    network = write_small(tmp_path / "small.tflite")
    x = np.random.default_rng(0).integers(-128, 128, (32, 32, 3)).astype(np.int8)
    np.save(tmp_path / "x.npy", x)
    assert cli("plan", "small.tflite", "--target", "stm32h743zi", "--json", "plan.json").code == 0
    assert cli("build", "small.tflite", "--target", "stm32h743zi", "--output", "firmware").code == 0
    assert cli("emulate", "firmware", "--input", "x.npy", "--json", "run.json").code == 0
    result = json.loads((tmp_path / "run.json").read_text())
    assert result["output"] == network.run(x[None]).ravel().tolist()
    assert result["arena_bytes"] == json.loads((tmp_path / "plan.json").read_text())["arena_bytes"]


def test_import_makes_a_package_and_export_brings_it_back(cli: RunCli, tmp_path: Path) -> None:
    write_small(tmp_path / "small.tflite")
    words = ("import", "small.tflite", "--output", "small.mface", "--preprocess", "aligned:light=spread")
    assert cli(*words, "--score", "l2norm").code == 0
    package = ModelPackage.load(tmp_path / "small.mface")
    assert (package.preprocess.light, package.preprocess.width, package.score) == ("spread", 32, "l2norm")
    assert package.statistics is None
    outcome = cli("export", "small.mface", "--to", "tflite", "--output", "back.tflite", "--json", "export.json")
    assert outcome.code == 0 and "equal to our own integers" in " ".join(outcome.out.split())
    assert json.loads((tmp_path / "export.json").read_text())["largest"] == 0
    written = (tmp_path / "back.tflite").read_bytes()
    for told in ("a byte b is the integer b - 128", "16 values, compared by l2norm", package.card.licence, "aligned"):
        assert told.encode() in written


def test_evaluation_takes_the_file_as_it_is(tmp_path: Path) -> None:
    network = write_small(tmp_path / "small.tflite")
    used = used_engine("integer", str(tmp_path / "small.tflite"), None, None, 1, "aligned:light=spread")
    assert (used.preprocess.light, used.preprocess.width, used.score.name) == ("spread", 32, "cosine")
    crops = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    assert used.embed(crops).shape == (3, network.output.elements)
    with pytest.raises(UserError, match="no float network"):
        used_engine("float", str(tmp_path / "small.tflite"), None, None, 1, "aligned")


def test_import_without_a_crop_writes_a_bare_network(cli: RunCli, tmp_path: Path) -> None:
    network = write_small(tmp_path / "small.tflite")
    assert cli("import", "small.tflite", "--output", "small.mfn").code == 0
    x = np.zeros((1, 32, 32, 3), np.int8)
    assert np.array_equal(load_network(tmp_path / "small.mfn").run(x), network.run(x))


def test_bad_words_are_told_in_one_line(cli: RunCli, tmp_path: Path) -> None:
    write_small(tmp_path / "small.tflite")
    (tmp_path / "cut.tflite").write_bytes((tmp_path / "small.tflite").read_bytes()[:900])
    cases = {
        ("import", "cut.tflite", "--output", "x.mface"): "cut.tflite",
        ("plan", "cut.tflite", "--target", "stm32h743zi"): "cut.tflite",
        ("import", "small.tflite", "--output", "x.mface", "--preprocess", "square"): "geometry",
        ("import", "small.tflite", "--output", "x.mface", "--preprocess", "aligned:eye_distance=far"): "no number",
        ("import", "small.tflite", "--output", "x.mface", "--score", "best"): "score",
        ("import", "small.tflite", "--output", "x.mface", "--statistics", "none"): "holds no data set",
        ("import", "small.onnx2", "--output", "x.mface"): "no kind that can be imported",
        ("export", "small.tflite", "--to", "pdf", "--output", "x.pdf"): "tflite",
    }
    for words, told in cases.items():
        outcome = cli(*words)
        assert outcome.code == 2 and told in outcome.line, outcome.line
        assert not list(tmp_path.glob("x.*"))
