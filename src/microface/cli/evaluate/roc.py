"""`microface evaluate roc`: several networks in one picture, on the held-out people of a data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from microface.cli.evaluate.options import ALL_THREADS, RocPicture, Teacher, Threads
from microface.cli.galleries import say
from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.evaluate.curves import Curve, measure_curves
from microface.evaluate.engines import Engine, open_engine
from microface.evaluate.plots import save_roc
from microface.photos.dataset import Dataset

Networks = Annotated[list[str], typer.Argument(help="Models or .mface files, each by its integer network.")]
Data = Annotated[Path, typer.Option(help="A prepared data set: its held-out people.")]
Floating = Annotated[bool, typer.Option("--float/--no-float", help="The last one's float network beside them.")]


def roc(
    networks: Networks,
    data: Data,
    floating: Floating = True,
    teacher: Teacher = None,
    picture: RocPicture = None,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Compare networks over all pairs of held-out people, down to the lowest rate that these pairs support.

    Example: `microface evaluate roc ptq.mface qat.mface --data build/faces --roc roc.png`
    """
    dataset = Dataset.open(data, verify=False)
    curves = measure_curves(dataset, _engines(networks, floating, teacher, threads))
    _show(curves)
    if picture is not None:
        save_roc(picture, [(each.label, each.roc) for each in curves], "held-out people", curves[0].impostor)
        say([f"ROC in {picture}"])
    save_json(json, {"data": str(data), "networks": [each.to_json() for each in curves]})


def _engines(networks: Sequence[str], floating: bool, teacher: Path | None, threads: int) -> list[Engine]:
    beside = [open_engine("teacher", networks[-1], None, teacher, threads)] if teacher is not None else []
    whole = [open_engine("float", networks[-1], threads=threads)] if floating else []
    return [*beside, *whole, *(open_engine("integer", name, threads=threads) for name in networks)]


def _show(curves: Sequence[Curve]) -> None:
    rates = list(curves[0].tar)
    rows = [(each.label, each.score, *(f"{each.tar[rate]:.4f}" for rate in rates)) for each in curves]
    console.print(table("true accepts at a share of false accepts", ("network", "score", *rates), rows))
    first = curves[0]
    say([f"{first.genuine:,} genuine and {first.impostor:,} impostor pairs: down to {first.lowest:.2g}"])
