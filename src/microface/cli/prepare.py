"""`microface prepare`: photos become a data set for training."""

import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.errors import UserError
from microface.photos.dataset import Manifest

if TYPE_CHECKING:
    from microface.photos.prepare import Effort
    from microface.photos.preprocess import Light, Preprocess

WHY = {
    "no_photo": "not in these collections",
    "no_face": "no face was found",
    "unreadable": "could not be read as a JPEG, PNG, WebP or BMP picture",
    "too_small": "would have to be enlarged too much",
    "cut_off": "too much of the crop lies beyond the photo",
    "copy": "the same photo is in the set already",
    "near_held_out": "without a name, but like a held-out person",
    "refused_name": "a person to refuse, by name",
    "near_refused": "like a person to refuse",
    "refused_person": "of a person whose other photos were refused",
}
_NOBODY = (
    "nobody is held out: training can tell only how near the network comes to the teacher (cosine), on photos that it "
    "keeps back; accuracy on people is not measured, and the package has no threshold for strangers (enrol with "
    "--threshold N). Give people's names and several photos of each: of 8 people or more, two at least are held out"
)
LightName = Annotated[
    str,
    typer.Option("--light", help="none, or spread: every crop brought to one brightness and contrast."),
]
LOOSE_ENLARGE = 1.5
_LOOSE_MARGIN, _ALIGNED_MARGIN = 20, 4


def prepare(
    sources: Annotated[list[Path], typer.Argument(help="Collections of photos; their layouts are recognised.")],
    output: Annotated[Path, typer.Option(help="Folder of the data set; the same command goes on where it stopped.")],
    teacher: Annotated[Path, typer.Option(help="ONNX network whose embeddings are stored beside the crops.")],
    layout: Annotated[str, typer.Option(help="Read all sources in this layout; `photos`: without any names.")] = "",
    size: Annotated[
        int | None, typer.Option(help="Width of the network's input: 96, or 120 with --loose.", min=8)
    ] = None,
    margin: Annotated[int | None, typer.Option(help="Pixels around it for random places: 4, loose 20.", min=0)] = None,
    loose: Annotated[bool, typer.Option(help="Upright, by the detector's box alone, size x size * 4 / 3.")] = False,
    light: LightName = "none",
    enlarge: Annotated[float | None, typer.Option(help="Most a photo may be enlarged: any, loose 1.5.")] = None,
    outside: Annotated[float, typer.Option(help="Most of the input that may lie beyond the photo.")] = 1.0,
    share: Annotated[float, typer.Option(help="Smallest face by the photo's shorter side; 0.3 for loose crops.")] = 0.1,
    held_out: Annotated[int, typer.Option(help="One in so many people is kept from training.", min=0)] = 12,
    split_by_names: Annotated[bool, typer.Option(help="Hold out by names also where a collection has splits.")] = False,
    refuse: Annotated[list[Path] | None, typer.Option(help="Collection whose people are left out, as LFW.")] = None,
    same: Annotated[float, typer.Option(help="Teacher's cosine from which photos are copies; 0: equal bytes.")] = 0.98,
    seed: Annotated[int, typer.Option(help="Order of the photos.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes (actors on a cluster); 0: one per core.", min=0)] = 0,
    cluster: Annotated[str, typer.Option(help="Work by Ray Data on the cluster at this address, or `local`.")] = "",
    json: JsonFile = None,
) -> None:
    """Find, align and crop faces, embed them by the teacher, and split them by people.

    Example: `microface prepare ../shared/data/photos --teacher teacher.onnx --output build/faces --share 0.3`
    """
    from microface.photos.detect.finder import Search
    from microface.photos.prepare import Effort, Recipe, Source, Workers
    from microface.photos.prepare import prepare as run

    if not 0.01 <= share <= 1:
        raise UserError("--share", "is a share of the photo", "give one from 0.01 to 1")
    limit = most_enlarged(enlarge, loose)
    recipe = Recipe(
        stored_crop(loose, size, _given(margin, loose), light),
        teacher,
        Search(share=share),
        held_out,
        seed=seed,
        enlarge=limit,
        outside=outside,
        same=same,
        by_names=split_by_names,
        refuse=tuple(refuse or ()),
    )
    effort, start = Effort(), time.monotonic()
    manifest = run([Source(s, layout) for s in sources], recipe, output, Workers(workers or _cores(), cluster), effort)
    seconds = time.monotonic() - start
    _show(manifest, output, effort, seconds)
    counts = {"crops": manifest.rows, "native": manifest.native, **manifest.splits, "skipped": manifest.skipped}
    save_json(json, counts | {"photos": effort.photos, "seconds": seconds, "stages": dict(effort.seconds)})


def _given(margin: int | None, loose: bool) -> int:
    return (_LOOSE_MARGIN if loose else _ALIGNED_MARGIN) if margin is None else margin


def stored_crop(loose: bool, size: int | None, margin: int, light: str, height: int = 0) -> "Preprocess":
    """Return the stored crop; a loose one repeats the photo's edge, since a camera never sees a black border.

    `size` None is the usual one; `height` is that of a loose crop, 0: four thirds of its width.
    """
    from dataclasses import replace

    from microface.photos.preprocess import Preprocess

    lit = cast("Light", light)
    if loose:
        return replace(Preprocess.loose(size or 120, height, lit), border="replicate").widened(margin)
    return Preprocess.aligned(size or 96, light=lit).widened(margin)


def most_enlarged(enlarge: float | None, loose: bool) -> float:
    """Return how many times a photo may be enlarged: as told, else 1.5 times for loose crops, aligned ones any."""
    return enlarge if enlarge is not None else LOOSE_ENLARGE if loose else math.inf


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def show_counts(manifest: Manifest, output: Path) -> None:
    """Print how many crops there are, by split, and how many photos were left out, by reason."""
    rows = [(name, f"{count:,}", "") for name, count in manifest.splits.items()]
    if manifest.native is not None:
        rows.append(("native", f"{manifest.native:,}", "cut without enlarging the photo"))
    rows += [("skipped", f"{count:,}", WHY[reason]) for reason, count in manifest.skipped.items()]
    title = f"{output}: {manifest.rows:,} crops of {manifest.photos:,} photos"
    console.print(table(title, ("", "photos", "why"), rows))
    if manifest.rows and not manifest.splits.get("held_out"):
        console.print(_NOBODY, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _show(manifest: Manifest, output: Path, effort: "Effort", seconds: float) -> None:
    show_counts(manifest, output)
    if effort.single:
        console.print(f"people with a single photo, of whom nothing can be compared: {effort.single:,}")
    if effort.numbered:
        told = "photos of people without names, who were refused by the teacher's distance alone"
        console.print(f"{told}: {effort.numbered:,}", soft_wrap=True)
    if effort.photos:
        console.print(f"{effort.photos:,} photos in {seconds:.0f} s, {effort.photos / seconds:.1f} a second")
        stages = (f"{name} {effort.photos / spent:.0f}" for name, spent in effort.seconds.items() if spent > 0)
        console.print(f"photos per second of processor time, by each stage alone: {', '.join(stages)}")
