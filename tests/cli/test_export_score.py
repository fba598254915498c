"""The same network compared by another score: a model of its own, for which a threshold is given by hand."""

from pathlib import Path

import pytest
from running import RunCli

from microface.models import ModelPackage, load
from microface.network import digest


def test_a_shipped_model_is_compared_by_l1(cli: RunCli, tmp_path: Path) -> None:
    told = cli("export", "faceid", "--to", "mface", "--score", "l1", "--output", "faceid-l1.mface")
    assert told.code == 0 and "no rates are known" in told.out
    before, after = load("faceid"), ModelPackage.load(tmp_path / "faceid-l1.mface")
    assert (after.name, after.score, digest(after.network)) == ("faceid-l1", "l1", digest(before.network))
    assert after.model_id != before.model_id  # galleries of the other score are refused
    assert after.statistics is None and not after.card.measurements and before.card.measurements


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("faceid", "--to", "mface"), "goes with --score"),
        (("faceid", "--score", "l1"), "has no score"),
        (("faceid", "--to", "mface", "--score", "l7"), "unknown score l7"),
        (("facenet_v1", "--to", "mface", "--score", "l1"), "bare network"),
    ],
)
def test_what_has_no_score_is_refused(cli: RunCli, words: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    refused = cli("export", *words, "--output", "out.mface")
    assert refused.code == 2 and reason in refused.line and not (tmp_path / "out.mface").exists()


def test_quantize_takes_a_score_and_refuses_what_is_none(cli: RunCli) -> None:
    pytest.importorskip("torch")
    refused = cli("quantize", "nowhere", "--score", "l7", "--output", "out.mface")
    assert refused.code == 2 and "score" in refused.line and "l2norm" in refused.line
    unknown = cli("quantize", "nowhere", "--score", "l1", "--output", "out.mface")
    assert unknown.code == 2 and "score" not in unknown.line and "nowhere" in unknown.line
