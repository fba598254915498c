"""`microface train`: teach a small network the embeddings of the teacher."""

from pathlib import Path
from typing import Annotated, Any

import typer

from microface.console import console, table
from microface.errors import UserError
from microface.files import write_json


def train(
    data: Annotated[Path, typer.Option(help="Data set that `microface prepare` made, with teacher's embeddings.")],
    output: Annotated[Path, typer.Option(help="Folder of the run: checkpoints, history, curve.")],
    net: Annotated[str, typer.Option(help="Family of networks.")] = "facenet",
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the family, e.g. width=0.5.")] = None,
    init: Annotated[Path | None, typer.Option(help="Checkpoint (best.pt) whose weights to begin with.")] = None,
    epochs: Annotated[float, typer.Option(help="Passes over the data; the same run gives the same file.")] = 0.0,
    minutes: Annotated[float, typer.Option(help="Instead of --epochs: length of the run by the clock.")] = 0.0,
    batch: Annotated[int, typer.Option(help="Photos per step.")] = 64,
    rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 2.5e-3,
    seed: Annotated[int, typer.Option(help="Seed of weights, order and augmentation.")] = 1,
    threads: Annotated[int, typer.Option(help="Processes of one thread each that share every batch.")] = 2,
    resume: Annotated[bool, typer.Option(help="Go on with the run in --output from its last checkpoint.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Train a network to embed faces as the teacher does.

    Example: microface train --data build/faces --net facenet --output build/run --epochs 20
    """
    prepare()
    from microface.learn.train.config import TrainConfig
    from microface.learn.train.start import start

    begin, options = str(init or ""), _options(option or [])
    config = TrainConfig(
        str(data), net, options, begin, epochs, minutes, batch=batch, rate=rate, seed=seed, threads=threads
    )
    summary = start(config, output, resume)
    _show(summary)
    if json is not None:
        write_json(json, summary)


def prepare() -> None:
    """Set up the process for training and say plainly when torch is not installed."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise UserError("training", "needs torch", 'install it with `pip install "microface[train]"`')
    from microface.learn.tuning import prepare_process

    prepare_process()


def _options(given: list[str]) -> dict[str, Any]:
    pairs = [text.partition("=") for text in given]
    for name, sign, _ in pairs:
        if not sign:
            raise UserError(f"--option {name}", "has no value", "write NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _show(summary: dict[str, Any]) -> None:
    rows = [(name, f"{value:.4g}" if isinstance(value, float) else value) for name, value in summary.items()]
    console.print(table("training", ("what", "value"), rows))
