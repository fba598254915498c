"""`microface compare`: which loss, measured by which distance."""

from pathlib import Path
from typing import Annotated

import typer

from microface.cli.options import JsonFile, save_json
from microface.cli.train import options_of, prepare
from microface.console import console, table


def compare(
    data: Annotated[Path, typer.Option(help="Data set that `microface prepare` made.")],
    output: Annotated[Path, typer.Option(help="Folder of the runs; the same command goes on where it stopped.")],
    losses: Annotated[list[str], typer.Option(help="A sum of losses, e.g. cross_entropy+lifted=0.5; repeat it.")],
    schedule: Annotated[str, typer.Option(help="TOML file of a run, or a shipped one.")] = "",
    net: Annotated[str, typer.Option(help="Family of networks.", show_default=False)] = "",
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the family.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the data of every run.")] = None,
    batch: Annotated[int | None, typer.Option(help="Photos per step.")] = None,
    per_person: Annotated[int, typer.Option(help="Photos of a person that stand together in a batch.")] = 4,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    json: JsonFile = None,
) -> None:
    """Train one network per sum of losses and measure each by the distances L1, L2, L2 normalised and cosine.

    Example: `microface compare --data build/faces --losses cross_entropy --losses cosface --epochs 5 --output out`
    """
    prepare()
    from microface.learn.train.compare import compare as make
    from microface.learn.train.schedule_file import config_of

    given = {"data": str(data), "net": net, "options": options_of(option or []), "epochs": epochs, "batch": batch}
    figures = make(config_of(schedule, given | {"per_person": per_person}), losses, output, device)
    names = list(next(iter(figures.values())))
    rows = [(text, *(_shown(found[name]) for name in names)) for text, found in figures.items()]
    rates = " / ".join(next(iter(figures.values()))[names[0]])  # those that the held-out pairs support
    console.print(table(f"held-out true-accept rate at false-accept rate {rates}", ("losses", *names), rows))
    save_json(json, figures)


def _shown(rates: dict[str, float]) -> str:
    return " / ".join(f"{rate:.3f}" for rate in rates.values())
