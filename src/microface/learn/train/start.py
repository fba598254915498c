"""A whole run: begin or go on, train, draw the curve, sum up."""

from pathlib import Path
from typing import Any

from microface.errors import UserError
from microface.learn.train.checkpoint import Position
from microface.learn.train.config import TrainConfig, load_config, save_config
from microface.learn.train.curve import draw
from microface.learn.train.run import Run
from microface.learn.train.team import Team, gathered
from microface.photos.dataset import Dataset


def start(config: TrainConfig, folder: Path, resume: bool) -> dict[str, Any]:
    """Train by `config` in `folder`; with `resume` go on from its last checkpoint. Return the figures of the end.

    A folder that holds another run is a `UserError`.
    """
    saved = folder / "config.json"
    if saved.exists() and not resume:
        raise UserError(folder, "already holds a run", "add --resume to go on with it, or choose another --output")
    if saved.exists() and load_config(saved) != config:
        raise UserError(folder, "holds a run with other settings", "resume with the settings in its config.json")
    Dataset.open(Path(config.data), verify=True)
    save_config(config, saved)
    with gathered(config.threads, _work, config, folder) as team:
        position = _work(team, config, folder)
    draw(position.history, folder / "curve.png")
    end = position.history[-1] if position.history else {}
    speed = position.photos / max(position.seconds, 1e-9)
    return {"steps": position.step, "photos": position.photos, "photos_per_second": speed, **end}


def _work(team: Team, config: TrainConfig, folder: Path) -> Position:
    """Do one member's share of the run to its end."""
    run = Run(config, folder, team)
    run.resume()
    return run.train()
