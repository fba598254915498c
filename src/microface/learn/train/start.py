"""A whole run: begin or go on, train, draw the curve, sum up."""

import math
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from microface.errors import UserError
from microface.learn import nets
from microface.learn.train.checkpoint import Position
from microface.learn.train.config import TrainConfig, load_config
from microface.learn.train.curve import draw
from microface.learn.train.place import where
from microface.learn.train.possible import require_possible
from microface.learn.train.run import Run
from microface.learn.train.team import Team, gathered, launched
from microface.photos.dataset import Dataset

MAY_CHANGE = ("epochs", "minutes", "patience", "threads", "quantisation")
"""Settings of a run that `resume` may change: how long it is, who computes it, what comes after."""

_PATHS = ("data", "init", "teacher")


@dataclass(frozen=True)
class Session:
    """How this sitting of a run is done; nothing here belongs to the run itself, so the next may be another.

    `device` is auto, cpu or cuda; after `stop_after` seconds (loading included) it ends with a checkpoint.
    """

    resume: bool = False
    device: str = "cpu"
    deterministic: bool = False
    stop_after: float = math.inf
    tensorboard: bool = False


def start(config: TrainConfig, folder: Path, resume: bool = False, session: Session | None = None) -> dict[str, Any]:
    """Train by `config` in `folder`; with `resume` go on from its last checkpoint. Return the figures of the end.

    A run may be resumed with another length (`MAY_CHANGE`); a folder that holds another run is a `UserError`.
    """
    session, begun = session or Session(resume), time.monotonic()
    require_possible(config)
    if folder.exists() and not folder.is_dir():
        raise UserError(folder, "is not a folder", "choose a folder for the run")
    saved, holds = folder / "config.json", any((folder / name).exists() for name in ("last.pt", "best.pt"))
    if holds and not (resume or session.resume):
        raise UserError(folder, "already holds a run", "add --resume to go on with it, or choose another --output")
    if holds and saved.exists() and (others := _differing(load_config(saved), config)):
        told = f"holds a run with other settings ({', '.join(others)})"
        raise UserError(folder, told, "resume with the settings in its config.json")
    _require_data(config)
    size = 1 if where(session.device).on_gpu else config.threads
    with gathered(size, _work, config, folder, session, begun) as team:
        position = _work(team, config, folder, session, begun)
    return _summary(config, position, folder) if team.leads else {}


def _require_data(config: TrainConfig) -> None:
    """Check the data set to the byte, and that what it shows in training is what the network will be given."""
    dataset = Dataset.open(Path(config.data), verify=True)
    dataset.require_read_by(nets.options_of(config.net, config.options).input_size)
    if config.teacher:
        dataset.require_aligned("a live teacher")


def _differing(before: TrainConfig, now: TrainConfig) -> list[str]:
    """Return the settings that differ and that no resuming may change, by name; paths may be written in another way."""
    names = [field.name for field in fields(TrainConfig) if field.name not in MAY_CHANGE]
    return [name for name in names if _told(before, name) != _told(now, name)]


def _told(config: TrainConfig, name: str) -> Any:
    value = getattr(config, name)
    return Path(value).resolve() if name in _PATHS and value else value


def _work(team: Team, config: TrainConfig, folder: Path, session: Session, begun: float) -> Position:
    """Do one member's share of the run to its end."""
    place = where(session.device, session.deterministic, config.precision)
    run = Run(config, folder, team, place, session.tensorboard)
    run.resume()
    return run.train(_left(run, session, begun))


def _left(run: Run, session: Session, begun: float) -> float:
    """Return the seconds left to this sitting, the same for the whole team."""
    if math.isinf(session.stop_after):
        return math.inf
    own = session.stop_after - (time.monotonic() - begun)
    return run.team.mean([next(run.network.parameters()).detach().clone()], [own])[0]


def _summary(config: TrainConfig, position: Position, folder: Path) -> dict[str, Any]:
    """Draw the curve and return the figures of the run so far."""
    draw(position.history, folder / "curve.png")
    end = position.history[-1] if position.history else {}
    figures: dict[str, Any] = {"steps": position.step, "photos": position.photos}
    figures |= {"photos_per_second": position.photos / max(position.seconds, 1e-9), **end}
    return figures | _best(position.history) | {"done": _done(config, position)}


def _best(history: list[dict[str, float]]) -> dict[str, float]:
    """Return the best true-accept rate at 1e-2, or where no people are measured the nearest to the teacher."""
    for name in ("tar@0.01", "cosine", "agreement"):
        if found := [entry[name] for entry in history if name in entry]:
            return {f"best_{name}": max(found)}
    return {}


def _done(config: TrainConfig, position: Position) -> bool:
    """Say whether the run is at its end, so that nothing is left to resume."""
    stopped = 0 < config.patience <= position.stale
    last = position.history[-1]["share"] if position.history else 0.0
    return stopped or last >= 1.0


__all__ = ["Session", "launched", "start"]
