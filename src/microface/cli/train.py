"""`microface train`: teach a small network the embeddings of the teacher, or to tell people apart."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from microface.cli.guard import guarded
from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.errors import UserError


def train(
    data: Annotated[Path, typer.Option(help="Data set that `microface prepare` made.")],
    output: Annotated[Path, typer.Option(help="Folder of the run: checkpoints, history, curve.")],
    schedule: Annotated[str, typer.Option(help="TOML file of a run, or a shipped one (docs/train-your-own.md).")] = "",
    net: Annotated[str, typer.Option(help="Family of networks.  [default: facenet]", show_default=False)] = "",
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the family, e.g. width=0.5.")] = None,
    loss: Annotated[list[str] | None, typer.Option(help="NAME=WEIGHT[,option=value...]; several are summed.")] = None,
    init: Annotated[Path | None, typer.Option(help="Checkpoint (best.pt) whose weights to begin with.")] = None,
    teacher: Annotated[Path | None, typer.Option(help="ONNX teacher that embeds every augmented view.")] = None,
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the data; the same run gives the same file.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Instead of --epochs: length of the run by the clock.")] = None,
    batch: Annotated[int | None, typer.Option(help="Photos per step.  [default: 64]")] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.  [default: 0.0025]")] = None,
    optimizer: Annotated[
        str, typer.Option(help="adamw, muon, adam or sgd.  [default: adamw]", show_default=False)
    ] = "",
    patience: Annotated[int | None, typer.Option(help="End after so many checks without a better one.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.  [default: 1]")] = None,
    threads: Annotated[int | None, typer.Option(help="Processes that share every batch (CPU).  [default: 2]")] = None,
    per_person: Annotated[
        int | None, typer.Option(help="Photos of a person side by side in a batch.  [default: 4 with lifted, else 1]")
    ] = None,
    precision: Annotated[str, typer.Option(help="bf16 or float32; else bf16 on a GPU.", show_default=False)] = "",
    pipeline: Annotated[str, typer.Option(help="Who augments: host, device or auto.", show_default=False)] = "",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    deterministic: Annotated[bool, typer.Option(help="The same file twice on a GPU too (always so on a CPU).")] = False,
    stop_after: Annotated[float, typer.Option(min=0, help="End this sitting after so many seconds.")] = 0.0,
    tensorboard: Annotated[bool, typer.Option(help="Write figures for TensorBoard to the run's folder.")] = False,
    resume: Annotated[bool, typer.Option(help="Go on with the run in --output from its last checkpoint.")] = False,
    json: JsonFile = None,
) -> None:
    """Train a network to embed faces as the teacher does, or by the names of people.

    Example: microface train --data build/faces --net facenet --output build/run --epochs 20
    """
    prepare()
    from microface.learn.train.schedule_file import config_of
    from microface.learn.train.start import Session, start

    given = {
        "data": str(data), "net": net, "options": options_of(option or []), "losses": losses_of(loss or []),
        "init": str(init or ""), "teacher": str(teacher or ""), "epochs": epochs, "minutes": minutes, "batch": batch,
        "rate": rate, "optimizer": optimizer, "patience": patience, "seed": seed, "threads": threads,
        "pipeline": pipeline, "per_person": per_person, "precision": precision,
    }  # fmt: skip
    session = Session(resume, device, deterministic, stop_after or math.inf, tensorboard)
    summary = start(config_of(schedule, given), output, session=session)
    if summary:
        _show(summary, output)
        save_json(json, summary)


def prepare(what: str = "training") -> None:
    """Set up the process for torch and say plainly when it is not installed; `what` needs it."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise UserError(what, "needs torch", 'install it with `pip install "microface[train]"`')
    from microface.learn.tuning import prepare_process

    prepare_process()


def losses_of(given: list[str]) -> dict[str, Any]:
    """Return the losses written as NAME=WEIGHT[,option=value...]."""
    from microface.learn.train.losses.total import parsed_terms

    return parsed_terms(given)


def options_of(given: list[str]) -> dict[str, Any]:
    """Return the options written as NAME=VALUE."""
    pairs = [text.partition("=") for text in given]
    for name, sign, _ in pairs:
        if not sign:
            raise UserError(f"--option {name}", "has no value", "write NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _show(summary: dict[str, Any], output: Path) -> None:
    rows = [(name, f"{value:.4g}" if isinstance(value, float) else value) for name, value in summary.items()]
    console.print(table("training", ("what", "value"), [*rows, ("curves", output / "curve.png")]))
    if not summary["done"]:
        console.print("not at its end: the same command with --resume goes on")


if __name__ == "__main__":
    guarded(lambda: typer.run(train))
