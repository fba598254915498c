# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Runs: they learn, repeat exactly, go on exactly, and end clearly when they cannot."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from faces import write_dataset
from settings import STILL, config

from microface.errors import DamagedFileError, UserError
from microface.learn.train import checkpoint
from microface.learn.train.config import from_values, load_config, save_config
from microface.learn.train.data import make_batch, open_photos
from microface.learn.train.holding import FEWEST
from microface.learn.train.losses import Lesson
from microface.learn.train.run import Run
from microface.learn.train.schedule import View, rate, size, view
from microface.learn.train.start import start
from microface.learn.train.validate import check, embed
from microface.photos.dataset import NEAR


def test_a_tiny_network_learns_to_tell_unseen_people_apart(drawn: Path, tmp_path: Path) -> None:
    summary = start(config(drawn, epochs=12), tmp_path / "run", resume=False)
    history = json.loads((tmp_path / "run" / "history.json").read_text())
    assert history[-1]["loss"] < 0.6 * history[0]["loss"]
    assert summary["tar@0.01"] > 0.8 > _untrained(drawn) + 0.2
    assert (tmp_path / "run" / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_two_runs_give_the_same_file(drawn: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        start(config(drawn), tmp_path / name, resume=False)
    assert _weights(tmp_path / "one") == _weights(tmp_path / "two")


def _untrained(drawn: Path) -> float:
    """Return the true-accept rate of the network before its first step."""
    run = Run(config(drawn), Path("unused"))
    return check(embed(run.network, run.held_out, 32), run.held_out).tar["0.01"]


class _PowerCutError(Exception):
    pass


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_run_that_was_cut_goes_on_exactly(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    chosen = config(drawn, optimizer=optimizer)
    start(chosen, tmp_path / "whole", resume=False)
    monkeypatch.setattr("microface.learn.train.run.SAVE_EVERY", 0.0)
    original = Run._step

    def cut(self: Run, lesson: Lesson, seconds: float) -> tuple[torch.Tensor, float]:
        if self.position.step == 21:
            raise _PowerCutError
        return original(self, lesson, seconds)

    with monkeypatch.context() as patch, pytest.raises(_PowerCutError):
        patch.setattr(Run, "_step", cut)
        start(chosen, tmp_path / "cut", resume=False)
    with pytest.raises(UserError, match="already holds a run"):
        start(chosen, tmp_path / "cut", resume=False)
    start(chosen, tmp_path / "cut", resume=True)
    assert _weights(tmp_path / "whole") == _weights(tmp_path / "cut")
    histories = [json.loads((tmp_path / name / "history.json").read_text()) for name in ("whole", "cut")]
    assert [entry["tar@0.01"] for entry in histories[0]] == [entry["tar@0.01"] for entry in histories[1]]


def _weights(run: Path) -> list[bytes]:
    content = checkpoint.load(run / "last.pt")
    return [value.numpy().tobytes() for part in ("network", "average") for value in content[part].values()]


def test_resuming_with_other_settings_is_refused(drawn: Path, tmp_path: Path) -> None:
    start(config(drawn, epochs=0.2, checks=1), tmp_path / "run", resume=False)
    with pytest.raises(UserError, match=r"other settings \(batch, seed\)"):
        start(config(drawn, epochs=0.2, checks=1, batch=8, seed=5), tmp_path / "run", resume=True)


def test_a_run_may_be_resumed_as_a_longer_one(drawn: Path, tmp_path: Path) -> None:
    short = start(config(drawn, epochs=0.2, checks=1), tmp_path / "run", resume=False)
    longer = start(config(drawn, epochs=0.4, checks=1, quantisation={"size": 9}), tmp_path / "run", resume=True)
    assert short["steps"] < longer["steps"]
    assert load_config(tmp_path / "run" / "config.json").epochs == 0.4


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_a_good_checkpoint(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("microface.learn.train.run.SAVE_EVERY", 0.0)
    original = Run._loss

    def explode(self: Run, lesson: Lesson) -> torch.Tensor:
        loss = original(self, lesson)
        return loss * float("nan") if self.position.step == 9 else loss

    with monkeypatch.context() as patch, pytest.raises(UserError, match="step 9 is not a number"):
        patch.setattr(Run, "_loss", explode)
        start(config(drawn), tmp_path / "run", resume=False)
    content = checkpoint.load(tmp_path / "run" / "last.pt")
    assert content["position"]["step"] == 9
    assert all(bool(torch.isfinite(value.double()).all()) for value in content["network"].values())


def test_config_survives_its_file(drawn: Path, tmp_path: Path) -> None:
    settings = config(drawn)
    save_config(settings, tmp_path / "config.json")
    assert load_config(tmp_path / "config.json") == settings
    (tmp_path / "config.json").write_text('{"net": "facenet"}')
    with pytest.raises(DamagedFileError):
        load_config(tmp_path / "config.json")


@pytest.mark.parametrize("wrong", [{"epochs": 0.0}, {"epochs": 1, "minutes": 1}, {"batch": 1}, {"rate": 0.0}])
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError):
        from_values({"data": "x", "net": "facenet", "epochs": 1.0, **wrong})


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "last.pt", {"step": 1})
    data = (tmp_path / "last.pt").read_bytes()
    (tmp_path / "last.pt").write_bytes(data[: len(data) // 2])
    with pytest.raises(DamagedFileError):
        checkpoint.load(tmp_path / "last.pt")


def test_people_do_not_cross_the_split(drawn: Path) -> None:
    training, held_out = open_photos(drawn)
    assert set(training.people.tolist()).isdisjoint(held_out.people.tolist())


def test_unnamed_lookalikes_of_held_out_people_are_not_trained_on(tmp_path: Path) -> None:
    folder = write_dataset(
        tmp_path / "data", people=200, photos=4, unnamed=1
    )  # so many that no photo is held out by key
    held_out = open_photos(folder)[1]
    assert len(held_out) >= FEWEST and (held_out.people >= 0).all()
    rows = [json.loads(line) for path in sorted(folder.glob("rows-*")) for line in path.read_text().splitlines()]
    embeddings = np.concatenate([np.load(path) for path in sorted(folder.glob("embeddings-*"))])
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    lonely = np.array([row["identity"] == "" for row in rows])
    near = (embeddings[lonely] @ held_out.targets.T).max(axis=1) >= NEAR
    assert int((open_photos(folder)[0].people < 0).sum()) == int((~near).sum())


def test_schedules_rise_fall_and_grow(drawn: Path) -> None:
    settings = config(drawn)
    assert rate(settings, 0.0) < rate(settings, 0.01) < rate(settings, settings.warm_up) == settings.rate
    assert rate(settings, 1.0) == pytest.approx(0.0, abs=1e-12)
    sides = [size(settings, share, 96) for share in (0.0, 0.4, 0.7, 1.0)]
    assert sides == [(64, 64), (80, 80), (96, 96), (96, 96)]
    assert size(settings, 0.0, (160, 120)) == (112, 80) and size(settings, 1.0, (160, 120)) == (160, 120)
    assert [view(settings, share, 96).strength for share in (0.0, 0.8, 0.9)] == [1.0, 1.0, 0.4]
    assert STILL.scaled(0.5).rotation == 1.0


def test_a_folder_without_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no data set"):
        open_photos(tmp_path)


def test_batches_are_a_function_of_the_seed(drawn: Path) -> None:
    training, _ = open_photos(drawn)
    first, again = (make_batch(training, config(drawn), (0, 1), View(32)) for _ in range(2))
    other = make_batch(training, config(drawn), (1, 1), View(32))
    assert np.array_equal(first.crops, again.crops) and np.array_equal(first.targets, again.targets)
    assert not np.array_equal(first.crops, other.crops)


def test_two_processes_share_a_batch_and_repeat_exactly(drawn: Path, tmp_path: Path) -> None:
    settings = config(drawn, threads=2, epochs=0.2, checks=1)
    for name in ("one", "two"):
        start(settings, tmp_path / name, resume=False)
    assert _weights(tmp_path / "one") == _weights(tmp_path / "two")
    assert load_config(tmp_path / "one" / "config.json").threads == 2


def test_parts_of_a_batch_make_up_the_whole(drawn: Path) -> None:
    training, _ = open_photos(drawn)
    parts = [make_batch(training, config(drawn), (0, 1), View(32), part, 2) for part in range(2)]
    assert [len(part.crops) for part in parts] == [16, 16]
    assert np.array_equal(parts[0].targets, np.roll(parts[1].targets, 16, axis=0))


def test_smaller_embeddings_learn_the_teachers_leading_directions(drawn: Path) -> None:
    training, held_out = open_photos(drawn, 27)  # the drawn teacher has 27 directions: nothing is lost
    whole = open_photos(drawn)[1].targets
    assert training.targets.shape[1] == held_out.targets.shape[1] == 27
    assert np.allclose(held_out.targets @ held_out.targets.T, whole @ whole.T, atol=1e-4)


def test_a_run_begins_with_the_weights_of_another(drawn: Path, tmp_path: Path) -> None:
    first = config(drawn, epochs=0.2, checks=1)
    start(first, tmp_path / "first", resume=False)
    path = tmp_path / "first" / "best.pt"
    begun = Run(replace(first, init=str(path)), tmp_path / "second").network.state_dict()
    wanted = checkpoint.load(path)["network"]
    assert all(torch.equal(begun[name], value) for name, value in wanted.items())
    other = replace(first, init=str(path), options={**first.options, "stem": 6})
    with pytest.raises(UserError, match="weights of another network"):
        Run(other, tmp_path / "third")


def test_what_is_no_checkpoint_is_told_from_a_damaged_one(drawn: Path, tmp_path: Path) -> None:
    """Nobody is told to delete a teacher."""
    teacher, tensor, damaged = tmp_path / "teacher.onnx", tmp_path / "tensor.pt", tmp_path / "damaged.pt"
    teacher.write_bytes(b"\x08\x07\x12\x07pytorch")
    torch.save(torch.zeros(3), tensor)
    checkpoint.save(damaged, {"network": {"weight": torch.zeros(500)}})
    damaged.write_bytes(damaged.read_bytes()[:300])
    for path, told in ((teacher, "is no checkpoint; give the best.pt"), (tensor, "is no checkpoint of a run; give")):
        with pytest.raises(UserError, match=told):
            Run(config(drawn, init=str(path)), tmp_path / "run")
    with pytest.raises(DamagedFileError, match="is not a whole checkpoint; begin with another one"):
        Run(config(drawn, init=str(damaged)), tmp_path / "run")
