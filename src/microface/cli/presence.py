"""`microface presence`: is there a face in the picture at all? Windows, training, figures."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from microface.cli.networks import find_network, network_in
from microface.cli.options import JsonFile, save_json
from microface.cli.train import options_of
from microface.cli.train import prepare as prepare_torch
from microface.console import console, table
from microface.models import load

if TYPE_CHECKING:
    from microface.evaluate.presence import Rate
    from microface.photos.presence.store import Split, Windows

app = typer.Typer(help="Face or no face: windows of pictures, training, figures.", no_args_is_help=True)

_WHY = {
    "partial": "tries where a face lies partly outside",
    "tiny": "tries where the largest face is too small",
    "blurred": "tries where it is heavily blurred",
    "occluded": "tries where it is heavily occluded",
    "invalid": "tries where the mark is invalid",
    "too_small": "pictures smaller than the window",
    "unreadable": "pictures that cannot be read",
}
_ON_SHEET = 48


@app.command("prepare")
def prepare(
    source: Annotated[Path, typer.Argument(help="WIDER FACE: holds WIDER_train and wider_face_split.")],
    output: Annotated[Path, typer.Option(help="Folder of the set; the same command goes on where it stopped.")],
    backgrounds: Annotated[Path | None, typer.Option(help="Pictures without faces, for a second figure.")] = None,
    faces: Annotated[Path | None, typer.Option(help="Data set of faces to paste into windows to train on.")] = None,
    pasted: Annotated[int, typer.Option(help="With --faces: how many windows of either class.")] = 4000,
    window: Annotated[int, typer.Option(help="Side of the random windows, in pixels.")] = 200,
    also: Annotated[
        list[int] | None, typer.Option(help="Sides of more windows of the pictures to train on; may be repeated.")
    ] = None,
    smallest: Annotated[float, typer.Option(help="Shorter side of a clear face, as a share of the window.")] = 0.2,
    size: Annotated[int, typer.Option(help="Side that windows are resized to.")] = 88,
    each: Annotated[int, typer.Option(help="Most windows of a class per picture.")] = 16,
    held_out: Annotated[int, typer.Option(help="One in so many pictures is kept for the figures.")] = 4,
    validation: Annotated[int, typer.Option(help="Of the others one in so many ends the training.")] = 8,
    seed: Annotated[int, typer.Option(help="Places of windows, and the split.")] = 1,
    json: JsonFile = None,
) -> None:
    """Draw windows with and without a face from WIDER FACE; ambiguous ones are left out by a rule.

    Example: `microface presence prepare wider --output build/windows --backgrounds backgrounds`
    """
    from microface.photos.presence.paste import Pasting
    from microface.photos.presence.prepare import prepare as run
    from microface.photos.presence.rule import Rule
    from microface.photos.presence.sheet import write_sheet
    from microface.photos.presence.store import Settings, open_windows

    settings = Settings(Rule(window, smallest), size, each, held_out, validation, seed, tuple(also or ()))
    left_out = run(source, backgrounds, output, settings, Pasting(faces, pasted) if faces else None)
    splits = open_windows(output)
    _show(splits, left_out, output)
    crops, words = _samples(splits["train"])
    write_sheet(crops, words, f"windows of {output} to train on", output / "sheet.png")
    counts = {split: _counts(part) for split, part in splits.items()}
    save_json(json, {"splits": counts, "left_out": dict(left_out)})


def _counts(part: "Windows") -> dict[str, int]:
    faces = int(part.face.sum())
    return {"pictures": len(np.unique(part.pictures)), "face": faces, "none": len(part) - faces}


def _show(splits: "Mapping[Split, Windows]", left_out: Counter[str], output: Path) -> None:
    rows = [(split, *(f"{count:,}" for count in _counts(part).values())) for split, part in splits.items()]
    console.print(table(f"{output}: windows", ("split", "pictures", "face", "no face"), rows))
    reasons = [(name, f"{count:,}", _WHY[name]) for name, count in left_out.most_common()]
    console.print(table("left out", ("", "count", "what"), reasons))
    console.print(f"a sample of each class: {output / 'sheet.png'} (it shows people)", highlight=False)


def _samples(part: "Windows") -> tuple[list[np.ndarray], list[str]]:
    random = np.random.default_rng(0)
    chosen = np.concatenate(list(_some(part, random)))
    words = [f"face {part.sizes[row]:.2f}" if part.face[row] else "no face" for row in chosen]
    return [part.crops[row] for row in chosen], words


def _some(part: "Windows", random: np.random.Generator) -> Iterator[np.ndarray]:
    for which in (True, False):
        rows = np.flatnonzero(part.face == which)
        yield random.permutation(rows)[:_ON_SHEET]


@app.command("train")
def train(
    data: Annotated[Path, typer.Option(help="Windows that `microface presence prepare` made.")],
    output: Annotated[Path, typer.Option(help="Folder of the run: network.mfn, history, curve.")],
    net: Annotated[str, typer.Option(help="facenet_v1, _v2, _v3, _v6, _v7 or foldnet.")] = "facenet_v2",
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the network, e.g. fold=2.")] = None,
    bits: Annotated[
        list[str] | None, typer.Option(help="8, 4, 2, 1 or LAYER=4.  [default: as published, or 8]")
    ] = None,
    schedule: Annotated[Path | None, typer.Option(help="TOML file of a run.  [default: the published recipe]")] = None,
    init: Annotated[Path | None, typer.Option(help="Run of the same network whose float weights at E to take.")] = None,
    teacher: Annotated[
        list[str] | None, typer.Option(help="Finished run whose opinion is learnt too; may be repeated.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.")] = None,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = 1,
) -> None:
    """Train by the published recipe: float to E, with the chip's rounding to N, then check quantised = training.

    Example: microface presence train --data build/windows --net facenet_v2 --output build/v2
    """
    prepare_torch()
    import torch

    from microface.learn.presence.config import SCHEDULE, read_config
    from microface.learn.presence.run import run

    torch.set_num_threads(threads)
    given = {"data": str(data), "net": net, "options": options_of(option or []), "bits": bits, "seed": seed}
    given["teachers"] = teacher
    config = read_config(schedule or SCHEDULE, {name: value for name, value in given.items() if value is not None})
    result = run(config, output, init)
    console.print(f"E = {result.e}, N = {result.n}; {output / 'network.mfn'}, {output / 'curve.png'}", highlight=False)


@app.command("evaluate")
def evaluate(
    network: Annotated[str, typer.Argument(help="A shipped network, or the network.mfn of a run.")],
    data: Annotated[Path, typer.Option(help="Windows that `microface presence prepare` made.")],
    errors: Annotated[Path | None, typer.Option(help="Contact sheet of what it gets wrong (shows people).")] = None,
    card: Annotated[Path | None, typer.Option(help="Write the model card with these figures to this file.")] = None,
    trained: Annotated[Path | None, typer.Option(help="With --card: the windows of its training, if others.")] = None,
    json: JsonFile = None,
) -> None:
    """Measure an integer network on the windows of held-out pictures, and on backgrounds.

    Example: microface presence evaluate build/v2/network.mfn --data build/windows --errors build/errors.png
    """
    from microface.evaluate.presence import card_of, measure
    from microface.models.presence import save_card
    from microface.photos.presence.store import faces_from, open_windows

    chosen = network_in(find_network(network))
    splits = open_windows(data)
    result, margins = measure(chosen, splits)
    rows = [
        ("accuracy, balanced", result.accuracy),
        ("faces found", result.faces),
        ("no face, left alone", result.empty),
    ]
    rows += [(f"faces of {low:g} to {high:g} of the window found", rate) for low, high, rate in result.by_size]
    rows += [("backgrounds left alone", result.backgrounds)] if result.backgrounds else []
    console.print(table(f"{chosen.name}, integer, %", ("what", "rate", "windows", "pictures"), _cells(rows)))
    if errors is not None:
        _write_errors(splits["held_out"], margins, errors)
    if card is not None:
        learnt = trained or data
        command = f"microface presence evaluate {chosen.name} --data {data}"
        save_card(card_of(chosen, open_windows(learnt), faces_from(learnt), result, command), card)
    save_json(json, {"network": chosen.name, **result.to_json()})


@app.command("wake")
def wake(
    network: Annotated[str, typer.Argument(help="A shipped network, or the network.mfn of a run.")],
    source: Annotated[Path, typer.Argument(help="WIDER FACE: holds WIDER_train and wider_face_split.")],
    data: Annotated[Path, typer.Option(help="Windows of it: their held-out pictures are taken.")],
    model: Annotated[str, typer.Option(help="The recogniser whose rectangle it looks round.")] = "faceid",
    each: Annotated[int, typer.Option(help="Most frames of a kind per picture.")] = 16,
    margin: Annotated[int, typer.Option(help="Wakes where it says face by more than this.")] = 0,
    json: JsonFile = None,
) -> None:
    """Measure how often a network in front wakes the application: camera frames of held-out pictures.

    Example: `microface presence wake facenet_v2 wider --data build/windows`
    """
    from microface.chip.application.settings import Settings
    from microface.evaluate.wake import held_out_frames, wake_rates

    chosen, recogniser = network_in(find_network(network)), load(model)
    frames = held_out_frames(chosen, recogniser.preprocess, source, data, each, Settings())
    result = wake_rates(chosen, frames, margin)
    rows = [("a face", result.with_face)]
    rows += [(f"a face of {low:g} to {high:g} of what it sees", rate) for low, high, rate in result.by_size]
    rows += [("no face", result.without)]
    console.print(
        table(f"{chosen.name}: frames that wake, %", ("frames with", "rate", "frames", "pictures"), _cells(rows))
    )
    save_json(json, {"network": chosen.name, "model": recogniser.name, **result.to_json()})


def _cells(rows: list[tuple[str, "Rate"]]) -> list[tuple[str, ...]]:
    return [
        (name, f"{100 * rate.value:.2f} +- {100 * rate.std_error:.2f}", f"{rate.windows:,}", f"{rate.pictures:,}")
        for name, rate in rows
    ]


def _write_errors(held: "Windows", margins: np.ndarray, path: Path) -> None:
    """Draw the surest errors of both kinds."""
    from microface.photos.presence.sheet import write_sheet

    wrong = np.flatnonzero((margins > 0) != held.face)
    worst = wrong[np.argsort(-np.abs(margins[wrong]), kind="stable")][:_ON_SHEET]
    words = [f"missed, {held.sizes[row]:.2f}" if held.face[row] else "taken for a face" for row in worst]
    write_sheet([held.crops[row] for row in worst], words, f"{len(wrong)} of {len(held)} windows are wrong", path)
    console.print(f"the surest errors: {path} (it shows people)", highlight=False)
