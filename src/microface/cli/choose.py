"""`microface choose`: which network for this chip, this memory and this time."""

import re
from pathlib import Path
from typing import Annotated

import typer

from microface.chip.targets import Target
from microface.cli.options import JsonFile, TargetName, save_json
from microface.console import console, table
from microface.errors import UserError
from microface.evaluate.choice import Candidate, Choice, Limits
from microface.evaluate.choice import choose as choose_network
from microface.models import ModelPackage, load, names
from microface.sizes import parse_size, show_size

_MILLISECONDS = {"ms": 1.0, "s": 1000.0}

Size = Annotated[str | None, typer.Option(metavar="SIZE", help="At most this much, for example 1MB or 256KiB.")]
Time = Annotated[str | None, typer.Option(metavar="TIME", help="At most this long for one face, for example 500ms.")]
Packages = Annotated[Path | None, typer.Option(help="A folder of .mface files to choose from too.", metavar="FOLDER")]


def choose(
    target: TargetName,
    flash: Size = None,
    ram: Size = None,
    time: Time = None,
    packages: Packages = None,
    json: JsonFile = None,
) -> None:
    """Take the most accurate network that fits: memory first, then time, then the accuracy of its card.

    Flash is code and constants without the gallery, RAM is arena, stack and data, time is the upper estimate.

    Example: `microface choose --flash 1MB --ram 256KB --time 500ms --target stm32h743zi`
    """
    chip = Target.load(target)
    limits = Limits(_size(flash), _size(ram), parse_time(time) if time is not None else None)
    choice = choose_network(_candidates(packages), chip, limits)
    _show(choice, chip)
    save_json(json, {"target": chip.name, **choice.to_json()})
    if choice.chosen is None:
        raise typer.Exit(1)


def _size(text: str | None) -> int | None:
    return parse_size(text) if text is not None else None


def parse_time(text: str) -> float:
    """Return the milliseconds that `text` names: `500ms`, `0.5 s`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s)\s*", text)
    if match is None:
        raise UserError(text, "is not a time", "write for example 500ms or 0.5s")
    return float(match[1]) * _MILLISECONDS[match[2]]


def _candidates(folder: Path | None) -> dict[str, ModelPackage]:
    found = {name: load(name) for name in names()}
    if folder is None:
        return found
    files = sorted(folder.glob("*.mface"))
    if not files:
        raise UserError(folder, "holds no .mface file", "give the folder of your packages")
    return found | {str(path): ModelPackage.load(path) for path in files}


def _show(choice: Choice, chip: Target) -> None:
    columns = ("network", "flash", "RAM", "ms, estimate", "LFW, integer", "verdict")
    console.print(table(f"Networks for {chip.title}", columns, (_row(each, choice) for each in choice.candidates)))
    for each in choice.candidates:
        for refusal in each.refusals:
            console.print(f"{each.name}: {refusal}", highlight=False, markup=False, soft_wrap=True)
    if choice.mixed:
        console.print("these accuracies were measured on different data: see microface models NAME", style="yellow")
    if choice.chosen is not None:
        console.print(f"take {choice.chosen.name}", style="green", highlight=False)
    else:
        console.print("none is within these limits", style="red")


def _row(each: Candidate, choice: Choice) -> tuple[str, ...]:
    sizes = (show_size(size) if size is not None else "-" for size in (each.flash_bytes, each.ram_bytes))
    time = f"{each.milliseconds[0]:.3g} to {each.milliseconds[1]:.3g}" if each.milliseconds else "-"
    accuracy = f"{100 * each.accuracy.value:.2f} %" if each.accuracy else "not measured"
    return (each.name, *sizes, time, accuracy, "take this" if each is choice.chosen else "no")
