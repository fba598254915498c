"""What `enroll`, `people` and `identify` share: options, the choice of a threshold, what is told of a gallery."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from microface.chip.devices.device import Device
from microface.console import console
from microface.models import ModelPackage
from microface.network.scores import Score
from microface.people.check import GalleryCheck, check
from microface.people.enrol import Enrolment, Look, usable_crops
from microface.people.gallery import Gallery
from microface.people.threshold import sentences, to_json, with_rate

GalleryFile = Annotated[Path, typer.Argument(help="A gallery that `microface enroll` wrote.", metavar="GALLERY")]
Rate = Annotated[float, typer.Option(help="False accepts per visit of an unknown person, at most.", metavar="RATE")]
Network = Annotated[
    str | None, typer.Option(help="The gallery's model; found by its name unless given.", metavar="NETWORK")
]


def say(lines: Iterable[str], style: str = "") -> None:
    """Print lines as they are: names and paths may hold anything."""
    for line in lines:
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def choose_threshold(
    package: ModelPackage, gallery: Gallery, rate: float, threshold: int | None
) -> tuple[Gallery, dict[str, Any] | None]:
    """Return the gallery with its threshold and how it was chosen (None: by hand); says so."""
    if threshold is not None:
        say([f"threshold {threshold:,}, set by hand"])
        return gallery.with_threshold(threshold), None
    gallery, choice = with_rate(package, gallery, rate)
    say(sentences(choice))
    return gallery, to_json(choice)


def run_check(
    package: ModelPackage, gallery: Gallery, device: Device | None = None, strangers: Sequence[Look] = ()
) -> GalleryCheck:
    """Return the check of `gallery` on its own photos and on those `strangers` that show a usable face; says it."""
    usable = [look for look in strangers if look.usable]
    embeddings = device.embed(usable_crops(usable)) if usable and device is not None else None
    found = check(gallery, Score(package.score, package.network.output.zero_point), embeddings)
    say(found.sentences())
    return found


def describe(gallery: Gallery) -> dict[str, Any]:
    """Return what a gallery is, without templates."""
    return {
        "model": gallery.model,
        "model_id": gallery.model_id,
        "threshold": gallery.threshold,
        "rate": gallery.rate,
        "people": [{"name": person.name, "photos": person.photos} for person in gallery],
    }


def show_saved(path: Path, gallery: Gallery) -> None:
    """Print what lies in the file now."""
    say([f"{path}: {len(gallery)} people, {sum(gallery.photos)} photos (biometric data: keep it private)"])


def warn(enrolment: Enrolment) -> None:
    """Print who has few photos and which were left out."""
    say(enrolment.warnings(), style="yellow")
