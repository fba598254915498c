"""`microface choose`: which network for this chip, this memory and this time."""

import re
from pathlib import Path
from typing import Annotated, cast

import typer

from microface.chip.targets import Target
from microface.cli.options import JsonFile, TargetName, save_json
from microface.console import console, table
from microface.errors import UserError
from microface.evaluate.choice import Candidate, Choice, Limits
from microface.evaluate.choice import choose as choose_network
from microface.evaluate.costs import told_milliseconds
from microface.evaluate.crops import CROPS, CropName
from microface.models import ModelPackage, load, names
from microface.sizes import parse_size, show_size

_MILLISECONDS = {"ms": 1.0, "s": 1000.0}

Size = Annotated[str | None, typer.Option(metavar="SIZE", help="At most this much, for example 1MB or 256KiB.")]
Time = Annotated[str | None, typer.Option(metavar="TIME", help="At most this long for one face, for example 500ms.")]
Crop = Annotated[str, typer.Option(help="Whose accuracy counts: aligned by landmarks, boxes of a detector, centre.")]
Packages = Annotated[Path | None, typer.Option(help="A folder of .mface files to choose from too.", metavar="FOLDER")]


def choose(
    target: TargetName,
    flash: Size = None,
    ram: Size = None,
    time: Time = None,
    packages: Packages = None,
    crop: Crop = "aligned",
    json: JsonFile = None,
) -> None:
    """Take the most accurate network that fits: memory first, then time, then LFW's accuracy of its card.

    Flash is code and constants without the gallery, RAM is arena, stack and data, time is the upper estimate. Costs are
    those that the card has counted on this chip, else the plan's.

    Example: `microface choose --flash 1MB --ram 256KB --time 500ms --target stm32h743zi`
    """
    chip = Target.load(target)
    limits = Limits(_size(flash), _size(ram), parse_time(time) if time is not None else None)
    choice = choose_network(_candidates(packages), chip, limits, cast(CropName, crop))
    show(choice, chip)
    save_json(json, {"target": chip.name, "crop": crop, **choice.to_json()})
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


def show(choice: Choice, chip: Target) -> None:
    """Print costs and accuracies, why not the others, and what to take."""
    costs = [
        (each.name, *_cost_cells(each), "take this" if each is choice.chosen else "no") for each in choice.candidates
    ]
    columns = ("network", "flash", "RAM", "ms, estimate", "by", "verdict")
    console.print(table(f"Networks for {chip.title}", columns, costs, 1))
    figures = [(each.name, *_accuracy_cells(each)) for each in choice.candidates]
    console.print(table("LFW, integer, % by crop", ("network", *CROPS, "TAR, held-out people"), figures, 1))
    for each in choice.candidates:
        for refusal in each.refusals:
            console.print(f"{each.name}: {refusal}", highlight=False, markup=False, soft_wrap=True)
    if choice.mixed:
        console.print("these accuracies were measured on different data: see microface models NAME", style="yellow")
    if choice.chosen is not None:
        console.print(f"take {choice.chosen.name}", style="green", highlight=False)
        _show_by_boxes(choice.chosen, choice.by_boxes)
    else:
        console.print("none is within these limits", style="red")


def _show_by_boxes(chosen: Candidate, better: Candidate | None) -> None:
    if better is None:
        return
    figures = f"{100 * better.by_crop['boxes']:.2f} against {100 * chosen.by_crop['boxes']:.2f} %"
    text = f"without landmarks, by detector boxes alone, {better.name} is more accurate: {figures} (--crop boxes)"
    console.print(text, style="yellow", highlight=False, soft_wrap=True)


def _accuracy_cells(each: Candidate) -> tuple[str, ...]:
    crops = (f"{100 * each.by_crop[crop]:.2f}" if crop in each.by_crop else "-" for crop in CROPS)
    return (*crops, ", ".join(f"{value:.3f} at {rate}" for rate, value in each.held_out.items()) or "-")


def _cost_cells(each: Candidate) -> tuple[str, ...]:
    if each.cost is None or each.ram_bytes is None:
        return ("-",) * 4
    sizes = (show_size(size) for size in (each.cost.flash_bytes, each.ram_bytes))
    time = told_milliseconds(each.cost.milliseconds, each.cost.accelerator)
    return (*sizes, time, "counted" if each.cost.counted else "plan")
