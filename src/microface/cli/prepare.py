"""`microface prepare`: photos become a data set for training."""

from pathlib import Path
from typing import Annotated

import typer

from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.errors import UserError
from microface.photos.dataset import Manifest

_WHY = {
    "no_face": "no face was found",
    "unreadable": "could not be read as a photo",
    "near_held_out": "without a name, but like a held-out person",
}


def prepare(
    sources: Annotated[list[Path], typer.Argument(help="Folders of people, LFW, or Parquet tables.")],
    output: Annotated[Path, typer.Option(help="Folder of the data set; the same command goes on where it stopped.")],
    teacher: Annotated[Path, typer.Option(help="ONNX network whose embeddings are stored beside the crops.")],
    size: Annotated[int, typer.Option(help="Width of the network's input in pixels.")] = 96,
    margin: Annotated[int, typer.Option(help="Pixels stored on each side of it, for augmentation.", min=0)] = 4,
    loose: Annotated[bool, typer.Option(help="Upright, by the detector's box alone, size x size * 4 / 3.")] = False,
    share: Annotated[float, typer.Option(help="Smallest face by the photo's shorter side; 0.3 for loose crops.")] = 0.1,
    held_out: Annotated[int, typer.Option(help="One in so many people is kept from training.", min=0)] = 12,
    seed: Annotated[int, typer.Option(help="Order of the photos.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
    json: JsonFile = None,
) -> None:
    """Find, align and crop faces, embed them by the teacher, and split them by people.

    Example: `microface prepare ../shared/data/photos --teacher teacher.onnx --output build/faces --share 0.3`
    """
    from microface.photos.detect.finder import Search
    from microface.photos.prepare import Recipe
    from microface.photos.prepare import prepare as run
    from microface.photos.preprocess import Preprocess

    if not 0.01 <= share <= 1:
        raise UserError("--share", "is a share of the photo", "give one from 0.01 to 1")
    preprocess = Preprocess.loose(size, round(size * 4 / 3)) if loose else Preprocess.aligned(size)
    preprocess = preprocess.widened(margin)
    recipe = Recipe(preprocess, teacher, Search(share=share), held_out, seed=seed)
    manifest = run(sources, recipe, output, workers)
    _show(manifest, output)
    save_json(json, {"crops": manifest.rows, **manifest.splits, "skipped": manifest.skipped})


def _show(manifest: Manifest, output: Path) -> None:
    rows = [(name, f"{count:,}", "") for name, count in manifest.splits.items()]
    rows += [("skipped", f"{count:,}", _WHY[reason]) for reason, count in manifest.skipped.items()]
    title = f"{output}: {manifest.rows:,} crops of {manifest.photos:,} photos"
    console.print(table(title, ("", "photos", "why"), rows))
