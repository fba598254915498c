"""The same network compared by another score, or with another crop: a model of its own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
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


def test_faces_of_an_aligned_model_are_placed_by_boxes(cli: RunCli, tmp_path: Path) -> None:
    """The threshold comes from the statistics that were measured so; where there are none, none is known."""
    own = load("default")
    assert own.statistics is not None
    counted = replace(own, box_statistics=replace(own.statistics, steps=own.statistics.steps + 1))
    counted.save(tmp_path / "measured.mface")
    replace(own, box_statistics=None).save(tmp_path / "plain.mface")
    told = cli("export", "measured.mface", "--to", "mface", "--crop", "boxes", "--output", "door.mface")
    door = ModelPackage.load(tmp_path / "door.mface")
    assert told.code == 0 and "no rates" not in told.out and "placed by boxes" in told.out
    assert door.statistics is not None and door.box_statistics is None and door.model_id != own.model_id
    assert np.array_equal(door.statistics.steps, own.statistics.steps + 1)
    assert (door.preprocess.geometry, door.preprocess.eye_distance) == ("loose", own.preprocess.eye_distance)
    assert "no rates are known" in cli("export", "plain.mface", "--to", "mface", "--crop", "boxes",
                                       "--output", "none.mface").out  # fmt: skip
    told_of = [" ".join(cli("models", name).out.replace("│", " ").split()) for name in ("measured.mface", "none.mface")]
    assert "also for faces placed by boxes" in told_of[0] and "no statistics of strangers" in told_of[1]
    both = cli("export", "measured.mface", "--to", "mface", "--crop", "boxes", "--score", "l1", "--output", "l1.mface")
    l1 = ModelPackage.load(tmp_path / "l1.mface")
    assert "compared by l1, faces placed by boxes" in both.out and l1.statistics is None and l1.score == "l1"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("faceid", "--to", "mface"), "goes with --score"),
        (("faceid", "--to", "mface", "--crop", "boxes"), "crops by boxes already"),
        (("default", "--to", "mface", "--crop", "centre"), "is not known"),
        (("default", "--crop", "boxes"), "has no score and no crop"),
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
