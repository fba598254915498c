"""`microface people`: the people of a gallery, one after the other."""

from pathlib import Path
from typing import Annotated

import typer

from microface import models
from microface.chip.devices.host import HostDevice
from microface.chip.targets import Target
from microface.cli.galleries import GalleryFile, Network, choose_threshold, describe, run_check, say, show_saved, warn
from microface.cli.options import JsonFile, TargetName, save_json
from microface.console import console, table, track
from microface.errors import UserError
from microface.files import read_bytes
from microface.people.enrol import enrol, look_at_all
from microface.people.faces import photo_looker, photos_in
from microface.people.gallery import Gallery
from microface.people.image import from_image
from microface.people.models import package_of
from microface.people.outputs import require_ending, write_gallery
from microface.people.slots import require_room
from microface.people.threshold import one_in, renewed, told_rate

app = typer.Typer(help="Add, remove, rename, list, export and import people; set the threshold.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A person's name.")]
Photos = Annotated[list[Path], typer.Argument(help="Photos of the person, or folders of them.")]


@app.command("add")
def add(
    gallery: GalleryFile, name: Name, photos: Photos, network: Network = None, target: TargetName = "stm32h743zi"
) -> None:
    """Add a person from photos; the threshold is chosen anew for one person more.

    Example: `microface people add people.mfg "Ada Lovelace" photos/ada`
    """
    old = Gallery.load(gallery)
    package = package_of(old, network)
    look = photo_looker(package.preprocess)
    enrolment = enrol(look_at_all({name: track(photos_in(photos), name)}, look), HostDevice(package))
    new = renewed(package, old.add(enrolment.people[0]))
    require_room(new, Target.load(target))
    warn(enrolment)
    _save(gallery, old, new)


@app.command("remove")
def remove(gallery: GalleryFile, name: Name, network: Network = None) -> None:
    """Remove a person; the threshold is chosen anew for one person less.

    Example: `microface people remove people.mfg "Ada Lovelace"`
    """
    old = Gallery.load(gallery)
    _save(gallery, old, renewed(package_of(old, network), old.remove(name)))


@app.command("rename")
def rename(gallery: GalleryFile, name: Name, to: Annotated[str, typer.Argument(help="The new name.")]) -> None:
    """Give a person another name.

    Example: `microface people rename people.mfg Ada "Ada Lovelace"`
    """
    old = Gallery.load(gallery)
    _save(gallery, old, old.rename(name, to))


def _save(path: Path, old: Gallery, new: Gallery) -> None:
    new.save(path)
    if new.threshold != old.threshold:
        say([f"threshold {old.threshold:,} -> {new.threshold:,}, for at most {one_in(new.rate or 0)} false accepts"])
    show_saved(path, new)


@app.command("list")
def list_people(gallery: GalleryFile, json: JsonFile = None) -> None:
    """List the people of a gallery with their numbers of photos, and its threshold.

    Example: `microface people list people.mfg`
    """
    found = Gallery.load(gallery)
    rows = [(index, person.name, person.photos) for index, person in enumerate(found)]
    console.print(table(f"{gallery}: model {found.model}", ("index", "name", "photos"), rows))
    told = f"chosen for {one_in(found.rate)} false accepts" if found.rate is not None else "set by hand"
    say([f"threshold {found.threshold:,}, {told}"])
    save_json(json, describe(found))


@app.command("export")
def export(
    gallery: GalleryFile,
    output: Annotated[Path, typer.Argument(help="FILE.bin for mf_gallery_write, or FILE.h for a C program.")],
    target: TargetName = "stm32h743zi",
) -> None:
    """Export a gallery as the binary image that the chip takes, or as embeddings.h.

    Example: `microface people export people.mfg gallery.bin`
    """
    require_ending(output, (".bin", ".h"))
    found = Gallery.load(gallery)
    require_room(found, Target.load(target))
    write_gallery(found, output)
    show_saved(output, found)


@app.command("import")
def import_people(
    image: Annotated[Path, typer.Argument(help="A binary gallery: exported, or read out of a chip's flash.")],
    output: Annotated[Path, typer.Option(help="Gallery to write.", metavar="FILE")] = Path("people.mfg"),
    network: Annotated[str, typer.Option(help="The model that made it.")] = "default",
) -> None:
    """Import people and threshold from a binary gallery.

    Example: `microface people import flash.bin --output people.mfg`
    """
    require_ending(output, (".mfg",))
    found = from_image(read_bytes(image), image, network)
    found.require_model(models.load(network).model_id, image)
    found.save(output)
    show_saved(output, found)


@app.command("threshold")
def threshold(
    gallery: GalleryFile,
    rate: Annotated[float | None, typer.Option(help="Choose it for this rate of false accepts a visit.")] = None,
    value: Annotated[int | None, typer.Option("--set", help="Set it by hand.", metavar="N")] = None,
    strangers: Annotated[Path | None, typer.Option(help="Photos of people to be refused: a check.")] = None,
    network: Network = None,
    json: JsonFile = None,
) -> None:
    """Show the threshold with its false-accept rate, or choose another; always checked on the gallery's own photos.

    Example: `microface people threshold people.mfg --rate 0.0001`
    """
    if rate is not None and value is not None:
        raise UserError("--rate and --set", "were both given", "give one of them")
    found = Gallery.load(gallery)
    package = package_of(found, network)
    choice = None
    if rate is not None or value is not None:
        found, choice = choose_threshold(package, found, rate or 0.0, value)
    told = told_rate(package, found)
    if told is not None and choice is None:
        shown = [one_in(share) for share in told]
        say([f"threshold {found.threshold:,}: {shown[0]} visits of unknown people (95 %: {shown[1]} to {shown[2]})"])
    looks = []
    if strangers is not None:
        look = photo_looker(package.preprocess)
        looks = [look(path) for path in track(photos_in([strangers]), "strangers")]
    check = run_check(package, found, HostDevice(package) if looks else None, looks)
    if rate is not None or value is not None:
        found.save(gallery)
        show_saved(gallery, found)
    save_json(json, {**describe(found), "rate_told": told, "choice": choice, "check": check.to_json()})
