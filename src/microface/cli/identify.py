"""`microface identify`: who is in the photos, by the integer network on this computer."""

from pathlib import Path
from typing import Annotated

import typer

from microface.chip.devices.host import HostDevice
from microface.cli.galleries import GalleryFile, Network, say
from microface.cli.options import JsonFile, save_json
from microface.console import console, table, track
from microface.people.enrol import Look, usable_crops
from microface.people.faces import photo_looker, photos_in
from microface.people.gallery import Gallery
from microface.people.identify import Identification, identify
from microface.people.models import package_of


def identify_photos(
    gallery: GalleryFile,
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of them.")],
    network: Network = None,
    json: JsonFile = None,
) -> None:
    """Say who is in each photo: a name, or unknown. The same integers as on the chip.

    Example: `microface identify people.mfg visits --json visits.json`
    """
    found = Gallery.load(gallery)
    package = package_of(found, network)
    look = photo_looker(package.preprocess, gate=False)
    looks = [look(path) for path in track(photos_in(photos), "looking for faces")]
    faces = [each for each in looks if each.usable]
    device = HostDevice(package)
    said = identify(found, device, device.embed(usable_crops(faces))) if faces else []
    _show(faces, said, [each for each in looks if not each.usable])
    told = [{"photo": str(each.path), "remarks": list(each.remarks)} for each in faces]
    save_json(json, [each | one.to_json() for each, one in zip(told, said, strict=True)])


def _show(faces: list[Look], said: list[Identification], without: list[Look]) -> None:
    rows = [(look.path, one.said, f"{one.distance:,}", one.nearest) for look, one in zip(faces, said, strict=True)]
    title = f"threshold {said[0].threshold:,}" if said else "no face found"
    console.print(table(title, ("photo", "who", "distance", "nearest"), rows))
    say([f"{look.path}: {_in_words(look.remarks)}" for look in faces if look.remarks], style="yellow")
    say([f"no decision on {look.path}: {', '.join(look.reasons)}" for look in without], style="yellow")


def _in_words(remarks: tuple[str, ...]) -> str:
    """Return what speaks against a photo; of several faces it says which one was taken."""
    words = [remark.replace("_", " ") for remark in remarks]
    return ", ".join(words) + ("; the most central one was taken" if "several_faces" in remarks else "")
