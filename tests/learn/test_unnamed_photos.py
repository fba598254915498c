"""Photos without names are enough to learn from a teacher: some are held out by their keys, and all verbs cope."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

import typer
from faces import write_dataset
from settings import config
from test_bad_data import all_trained, unsigned
from typer.testing import CliRunner

from microface.cli.quantize import quantize
from microface.learn.train.data import open_photos
from microface.learn.train.holding import ONE_IN, drawn_photos
from microface.learn.train.start import start
from microface.learn.train.validate import agreement, check
from microface.models.package import ModelPackage


def nameless(folder: Path) -> Path:
    """Take every name out of the data set in `folder`, where nobody is held out then."""
    for path in folder.glob("rows-*.jsonl"):
        rows = [json.loads(line) | {"identity": "", "split": "train"} for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    unsigned(folder)
    return folder


@settings(max_examples=20)
@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=300, unique=True))
def test_photos_are_drawn_by_their_keys_alone(keys: list[str]) -> None:
    keys = [key.replace("#", "") + "!" for key in keys]
    kept, measured = drawn_photos(keys)
    assert kept.any() and (kept == measured).all()
    with_views = drawn_photos([*keys, *(f"{key}#view1" for key in keys)])
    assert (with_views[0] == np.tile(kept, 2)).all()
    assert (with_views[1] == np.append(kept, np.zeros(len(keys), bool))).all()
    if kept.sum() > 1:
        others = [key for key, own in zip(keys, kept, strict=True) if own]
        assert drawn_photos(others)[0].all()


def test_one_photo_in_twelve_is_drawn_and_few_enough_to_measure() -> None:
    kept, measured = drawn_photos([str(number) for number in range(40_000)])
    assert (
        kept.mean() == pytest.approx(1 / ONE_IN, rel=0.05) and measured.sum() == 2000 and not (measured & ~kept).any()
    )


def test_people_who_are_trained_on_are_not_measured_as_if_they_were_not(tmp_path: Path) -> None:
    """Eight people with names and nobody held out: photos are, for nearness to the teacher, not for accept rates."""
    training, held_out = open_photos(all_trained(write_dataset(tmp_path / "data", people=8, photos=20)))
    assert (held_out.people < 0).all() and (training.people >= 0).all()
    assert len(training) + len(held_out) == 160


def test_agreement_is_of_all_pairs_whatever_the_lengths() -> None:
    random = np.random.default_rng(0)
    one = random.normal(size=(50, 8))
    turned = np.hstack([one @ np.linalg.qr(random.normal(size=(8, 8)))[0], np.zeros((50, 4))])
    assert agreement(one, turned) == pytest.approx(1)
    assert abs(agreement(one, random.normal(size=(50, 5)))) < 0.2
    assert agreement(one[:1], one[:1]) == 0.0


def test_train_and_quantize_without_any_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = nameless(write_dataset(tmp_path / "data", people=40, photos=12))
    summary = start(config(data, epochs=4, checks=2, sizes=((0.0, 1.0),)), tmp_path / "run")
    assert "nobody is held out, so" in capsys.readouterr().err
    assert summary["best_cosine"] > 0.3 and "best_tar@0.01" not in summary
    training, held_out = open_photos(data)
    assert len(training) + len(held_out) == 480 and 20 < len(held_out) < 60
    assert check(held_out.targets[:, :100], held_out).goal > 0.5  # another length: by agreement
    app = typer.Typer()
    app.command()(quantize)
    words = [tmp_path / "run", "--output", tmp_path / "mine.mface", "--steps", 4, "--report", tmp_path / "report.png"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert "enroll with --threshold" in result.output and "no ROC" in result.output
    package = ModelPackage.load(tmp_path / "mine.mface")
    assert package.statistics is None and "no people were held out" in package.card.training_data
