"""The verbs plan, build and emulate, and how they refuse bad input: one line, exit code 2, nothing left."""

import json
from pathlib import Path

import numpy as np
import pytest
from random_networks import random_network

from microface.cli import main
from microface.network import load_network, save_network
from microface.network.anchor import anchor_network


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run `microface` with `arguments` and return its exit code."""
    monkeypatch.setattr("sys.argv", ["microface", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A small network in a file."""
    save_network(random_network(11, (10, 10, 3), 3), tmp_path / "small.mfn")
    return tmp_path / "small.mfn"


def test_from_a_file_to_counts(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = np.random.default_rng(0).integers(-128, 128, (10, 10, 3)).astype(np.int8)
    np.save(tmp_path / "x.npy", inputs)
    plan_json, run_json = tmp_path / "plan.json", tmp_path / "run.json"
    reserves = ("--reserve-flash", "100KiB", "--reserve-ram", "1KB")
    assert run(monkeypatch, "plan", network, "--target", "nrf52840", *reserves, "--json", plan_json) == 0
    assert json.loads(plan_json.read_text())["fits"] is True
    assert run(monkeypatch, "build", network, "--target", "nrf52840", "--output", tmp_path / "fw") == 0
    arguments = ("emulate", tmp_path / "fw", "--input", tmp_path / "x.npy", "--json", run_json, "--layers")
    assert run(monkeypatch, *arguments) == 0
    result = json.loads(run_json.read_text())
    assert result["output"] == load_network(network).run(inputs[None]).ravel().tolist()
    assert result["instructions"] > 1000
    assert 0 < result["stack_bytes"] < 4096
    assert sum(layer["instructions"] for layer in result["layers"]) <= result["instructions"]
    assert "counted" in capsys.readouterr().out


def test_what_does_not_fit_says_what_would(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = lambda: random_network(11, (10, 10, 3), 3)  # noqa: E731
    monkeypatch.setattr("microface.cli.plan.families", lambda: {"tiny": small, "huge": anchor_network})
    big = tmp_path / "big.mfn"
    save_network(anchor_network(), big)
    assert run(monkeypatch, "plan", big, "--target", "nrf52840", "--reserve-flash", "400KiB") == 1
    told = capsys.readouterr().out
    assert "begin: tiny\n" in told and "same reserves: default" in told
    reserves = ("--reserve-flash", "400KiB", "--reserve-ram", "1KB")
    assert run(monkeypatch, "build", big, "--target", "nrf52840", "--output", tmp_path / "fw", *reserves) == 2
    assert run(monkeypatch, "build", network, "--target", "nrf52840", "--output", tmp_path / "fw", *reserves) == 0


def test_bad_input_is_one_line_and_leaves_nothing(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.npy").write_text("not an array")
    np.save(tmp_path / "small.npy", np.zeros((3, 3), np.int8))
    np.save(tmp_path / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    flipped = bytearray(network.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (tmp_path / "flipped.mfn").write_bytes(flipped)
    assert run(monkeypatch, "build", network, "--target", "nrf52840", "--output", tmp_path / "fw") == 0
    before = sorted(tmp_path.iterdir())
    firmware = tmp_path / "fw"
    for arguments, word in (
        (("plan", "nobody", "--target", "nrf52840"), "nobody"),
        (("plan", network, "--target", "atari"), "atari"),
        (("plan", network, "--target", "nrf52840", "--reserve-ram", "lots"), "lots"),
        (("plan", tmp_path / "flipped.mfn", "--target", "nrf52840"), "damaged"),
        (("build", tmp_path / "flipped.mfn", "--target", "nrf52840", "--output", tmp_path / "a"), "damaged"),
        (("build", network, "--target", "nrf52840", "--output", network), "is no firmware"),
        (("build", "default", "--target", "host", "--output", tmp_path / "a", "--rows"), "--application"),
        (("build", network, "--target", "host", "--output", tmp_path / "a"), "source-only"),
        (("emulate", tmp_path / "a", "--input", network), "holds no firmware"),
        (("emulate", firmware, "--input", tmp_path / "none.npy"), "none.npy"),
        (("emulate", firmware, "--input", tmp_path / "text.npy"), "text.npy"),
        (("emulate", firmware, "--input", tmp_path / "object.npy"), "object.npy"),
        (("emulate", firmware, "--input", tmp_path / "small.npy"), "int8"),
        (("emulate", firmware, "--input", tmp_path / "photo.jpg"), "bare network"),
    ):
        capsys.readouterr()
        assert run(monkeypatch, *arguments) == 2, arguments
        told = capsys.readouterr().err.strip()
        assert word in told and "\n" not in told, told
    assert sorted(tmp_path.iterdir()) == before


def test_an_application_that_takes_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--target", "nrf52840", "--source-only", "--application", "--rows")
    assert run(monkeypatch, "build", "default", *options, "--output", tmp_path / "fw") == 0
    header = next((tmp_path / "fw").rglob("application.h")).read_text()
    assert "void application_row(" in header and "PART_WIDTH = " in header
    assert json.loads((tmp_path / "fw/firmware.json").read_text())["application"]["rows"] is True


@pytest.mark.parametrize("verb", ["plan", "build", "emulate", "bench"])
def test_help_shows_an_example(verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, verb, "--help") == 0
    assert f"microface {verb}" in capsys.readouterr().out.split("Options")[0].replace("Usage: microface", "", 1)
