"""Networks side by side: the published way from v2 to v7, and names that nobody knows."""

import json
from pathlib import Path

import pytest

from microface.cli import main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run `microface` with `arguments` and return its exit code."""
    monkeypatch.setattr("sys.argv", ["microface", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_published_optimisation_is_told_by_both_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = ("facenet_v2", "facenet_v6", "facenet_v7", "--target", "max78000")
    told = tmp_path / "plans.json"
    assert run(monkeypatch, "plan", *chain, "--time", "both", "--json", told) == 0
    out = capsys.readouterr().out
    for figure in ("2970.14", "1450.88", "910.56", "3081.31", "1307.51", "658.95"):
        assert figure in out
    assert "facenet_v6 to facenet_v7, layer 1: 3->4 @88 becomes 3->1 @88, 826.03 -> 206.51 us (-619.52)" in out
    assert "facenet_v2 to facenet_v6, layer 7: 64->2 @2, 0.32 us, is not there any more" in out
    assert "facenet_v6 to facenet_v7, layer 4" not in out
    assert "weights are drawn" not in out  # all of them are shipped
    assert [each["time_model"] for each in json.loads(told.read_text())] == ["hardware"] * 3 + ["deck"] * 3


def test_what_has_no_place_beside_others_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", "foldnet:fold=2", "ai85faceidnet", "--target", "max78000") == 0
    out = capsys.readouterr().out
    assert "foldnet:fold=2: weights are drawn" in out and "ai85faceidnet: weights are drawn" in out
    for words, reason in (
        (("facenet_v2", "default"), "default: is not for an accelerator"),
        (("facenet_v2", "facenet_v1", "--reserve-ram", "1KiB"), "compared by layers and times only"),
        (("facenet_v9",), "foldnet, ai85faceidnet"),
        (("facenet_v2", "--time", "both"), "no model of time of one network"),
    ):
        assert run(monkeypatch, "plan", *words, "--target", "max78000") == 2
        assert reason in " ".join(capsys.readouterr().err.split())
