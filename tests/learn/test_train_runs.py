# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Schedules, early stopping, teams by torchrun, TensorBoard, a full disk: what surrounds the steps of a run."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from faces import NET
from settings import config

from microface.errors import DamagedFileError, UserError
from microface.learn import nets
from microface.learn.train import checkpoint
from microface.learn.train.compare import compare, terms_of
from microface.learn.train.config import TrainConfig
from microface.learn.train.losses import names
from microface.learn.train.run import Run
from microface.learn.train.schedule import rate
from microface.learn.train.schedule_file import config_of, read_schedule, shipped
from microface.learn.train.start import Session, start
from microface.network.scores import SCORES


@pytest.mark.parametrize("name", shipped())
def test_shipped_schedules_are_runs_of_networks_that_exist(name: str) -> None:
    chosen = config_of(name, {"data": "faces", "teacher": "teacher.onnx", "epochs": None, "options": {}})
    options = nets.options_of(chosen.net, chosen.options)
    height, width = options.input_size
    with torch.no_grad():
        assert nets.build(chosen.net, options).eval()(torch.zeros(1, 3, height, width)).shape == (1, options.embedding)
    assert set(chosen.terms) <= set(names())
    assert rate(chosen, 0.5) > rate(chosen, 1.0) >= 0


def test_the_command_line_goes_before_the_schedule(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('net = "facenet"\nepochs = 3\nrate = 1e-3\n[options]\nstem = 4\nlate = 32\n')
    chosen = config_of(str(tmp_path / "mine.toml"), {"data": "x", "minutes": 5.0, "rate": None, "options": {"stem": 6}})
    assert (chosen.minutes, chosen.epochs, chosen.rate, chosen.options) == (5.0, 0.0, 1e-3, {"stem": 6, "late": 32})


@pytest.mark.parametrize("text", ["epoch = 3", "net = ", "[augmentation]\nturn = 3", 'epochs = 3\noptimizer = "best"'])
def test_a_wrong_schedule_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(UserError):
        config_of(str(tmp_path / "mine.toml"), {"data": "x"})
    with pytest.raises(UserError, match="is no schedule"):
        read_schedule("nothing")


def test_rates_go_down_in_steps() -> None:
    chosen = TrainConfig("x", "facenet", epochs=1, rate=1.0, warm_up=0.1, rates=((0.0, 1.0), (0.5, 0.1)))
    assert [rate(chosen, share) for share in (0.05, 0.2, 0.5, 0.9)] == pytest.approx([0.5, 1.0, 0.1, 0.1])


def test_a_run_that_gets_no_better_ends_early(drawn: Path, tmp_path: Path) -> None:
    """At a rate of almost nothing the second check cannot be better than the first."""
    slow = config(drawn, rate=1e-12, epochs=4, checks=8, patience=2, averaging=0.0)
    summary = start(slow, tmp_path / "run")
    assert summary["done"] and summary["share"] < 1
    assert start(slow, tmp_path / "run", session=Session(resume=True))["steps"] == summary["steps"]


def test_torchrun_gives_what_processes_of_our_own_give(drawn: Path, tmp_path: Path) -> None:
    options = [text for name, value in NET.items() for text in ("--option", f"{name}={value}")]
    train = ["--data", str(drawn), "--epochs", "0.3", "--batch", "32", "--device", "cpu", *options]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    own = [sys.executable, "-m"]
    for name, head in (("launched", launch), ("own", own)):
        command = [*head, "microface.cli.train", *train, "--output", str(tmp_path / name)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert result.returncode == 0, result.stderr
    weights = [checkpoint.load(tmp_path / name / "last.pt") for name in ("launched", "own")]
    assert all(torch.equal(value, weights[1]["network"][name]) for name, value in weights[0]["network"].items())


def test_figures_go_to_tensorboard(drawn: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    start(config(drawn, epochs=0.2, checks=1), tmp_path / "run", session=Session(tensorboard=True))
    (events,) = (tmp_path / "run" / "tensorboard").iterdir()
    assert b"tar@0.01" in events.read_bytes()


def test_a_full_disk_ends_in_one_line_and_leaves_the_last_checkpoint(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("microface.learn.train.run.SAVE_EVERY", 0.0)
    replace, calls = os.replace, []

    def full(source: str, target: Path) -> None:
        calls.append(target)
        if len(calls) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patch, pytest.raises(UserError, match="No space left on device"):
        patch.setattr("microface.files.os.replace", full)
        start(config(drawn, epochs=1, checks=1), tmp_path / "run")
    assert checkpoint.load(tmp_path / "run" / "last.pt")["position"]["step"] > 0
    assert not [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]
    assert start(config(drawn, epochs=1, checks=1), tmp_path / "run", resume=True)["done"]


def test_a_damaged_checkpoint_or_shard_is_told_before_anything_is_written(drawn: Path, tmp_path: Path) -> None:
    chosen = config(drawn, epochs=0.2, checks=1)
    start(chosen, tmp_path / "run")
    last = tmp_path / "run" / "last.pt"
    last.write_bytes(last.read_bytes()[:1000])
    best = (tmp_path / "run" / "best.pt").read_bytes()
    with pytest.raises(DamagedFileError, match="begin a new run"):
        start(chosen, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "best.pt").read_bytes() == best
    assert Run(config(drawn, init=str(tmp_path / "run" / "best.pt")), tmp_path / "next").train().step > 0


def test_losses_are_compared_by_every_distance_and_a_second_call_goes_on(drawn: Path, tmp_path: Path) -> None:
    chosen = config(drawn, epochs=2, checks=1, per_person=4, rate=1.2e-2, sizes=((0.0, 1.0),))
    sums = ["cross_entropy", "cross_entropy+lifted=0.5"]
    figures = compare(chosen, sums, tmp_path, device="cpu")
    assert list(figures) == sums and all(tuple(found) == SCORES for found in figures.values())
    assert all(found["cosine"]["0.01"] > 0.3 for found in figures.values())
    assert figures[sums[0]] != figures[sums[1]]
    assert compare(chosen, sums, tmp_path, device="cpu") == figures
    with pytest.raises(UserError, match="empty term"):
        terms_of("cosine+")
