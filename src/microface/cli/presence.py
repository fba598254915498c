"""`microface presence`: is there a face in the picture at all? Windows, training, figures."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from microface.cli.options import JsonFile, save_json
from microface.console import console, table

if TYPE_CHECKING:
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
    window: Annotated[int, typer.Option(help="Side of the random windows, in pixels.")] = 200,
    smallest: Annotated[float, typer.Option(help="Shorter side of a clear face, as a share of the window.")] = 0.15,
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
    from microface.photos.presence.prepare import prepare as run
    from microface.photos.presence.rule import Rule
    from microface.photos.presence.sheet import write_sheet
    from microface.photos.presence.store import Settings, open_windows

    settings = Settings(Rule(window, smallest), size, each, held_out, validation, seed)
    left_out = run(source, backgrounds, output, settings)
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
