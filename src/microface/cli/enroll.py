"""`microface enroll`: folders of photos become a gallery with its threshold."""

from pathlib import Path
from typing import Annotated

import typer

from microface import models
from microface.chip.devices.host import HostDevice
from microface.chip.targets import Target
from microface.cli.galleries import Rate, choose_threshold, describe, run_check, show_saved, warn
from microface.cli.options import JsonFile, TargetName, save_json
from microface.console import track
from microface.errors import UserError
from microface.people.enrol import STRANGERS, enrol, look_at_all, new_gallery, person_folders, photo_files
from microface.people.faces import photo_looker
from microface.people.outputs import require_ending, write_gallery
from microface.people.slots import require_room
from microface.people.threshold import DEFAULT_RATE, require_choice


def enroll(
    folder: Annotated[Path, typer.Argument(help="A folder of photos per person; `unknown` holds strangers.")],
    output: Annotated[
        Path, typer.Option(help="Gallery to write: FILE.mfg, or FILE.h for a C program.", metavar="FILE")
    ] = Path("people.mfg"),
    network: Annotated[str, typer.Option(help="A shipped model or a .mface file.")] = "default",
    target: TargetName = "stm32h743zi",
    rate: Rate = DEFAULT_RATE,
    threshold: Annotated[int | None, typer.Option(help="Set the threshold itself instead.", metavar="N")] = None,
    strangers: Annotated[Path | None, typer.Option(help="Photos of people to be refused: a check.")] = None,
    json: JsonFile = None,
) -> None:
    """Enrol people from folders of photos and choose the threshold for strangers.

    Example: `microface enroll photos --output people.mfg --rate 0.001`
    """
    require_ending(output)
    package, chip = models.load(network), Target.load(target)
    if threshold is None:
        require_choice(package, rate)  # before all photos are looked at
    files = person_folders(folder)
    others = files.pop(STRANGERS, []) + (photo_files(strangers) if strangers else [])
    if not files:
        raise UserError(folder, f"has no folder but {STRANGERS}", "make one folder of photos per person")
    look, device = photo_looker(package.preprocess), HostDevice(package)
    seen = look_at_all({name: track(paths, name) for name, paths in files.items()}, look)
    enrolment = enrol(seen, device)
    gallery = new_gallery(network, package.model_id, package.embedding_size, enrolment.people)
    require_room(gallery, chip)
    warn(enrolment)
    gallery, choice = choose_threshold(package, gallery, rate, threshold)
    found = run_check(package, gallery, device, [look(path) for path in track(others, "strangers")])
    write_gallery(gallery, output)
    show_saved(output, gallery)
    value = {**describe(gallery), **enrolment.to_json(), "choice": choice, "check": found.to_json()}
    save_json(json, {"gallery": str(output), "network": package.name, **value})
