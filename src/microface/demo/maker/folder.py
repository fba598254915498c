"""The folder of made-up people: `enrolled/NAME/enrol-1..5.jpg, visit-1..4.jpg` and `strangers/N/visit-1..4.jpg`."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from microface.demo.cast import PEOPLE
from microface.demo.maker.audition import Candidate
from microface.errors import UserError
from microface.files import write_bytes

ENROLLED, STRANGERS = 5, 5
PHOTOS, VISITS = 5, 4
PICTURES = (PHOTOS + VISITS,) * ENROLLED + (VISITS,) * STRANGERS
"""Pictures of each person, the enrolled ones first."""


def write_people(cast: Sequence[Candidate], names: Sequence[str], folder: Path = PEOPLE) -> None:
    """Write the pictures of `cast`, the enrolled under `names`; what was there of people before is removed."""
    for part in ("enrolled", "strangers"):
        shutil.rmtree(folder / part, ignore_errors=True)
    for name, person in zip(names, cast[:ENROLLED], strict=True):
        files = [f"enrol-{i + 1}" for i in range(PHOTOS)] + [f"visit-{i + 1}" for i in range(VISITS)]
        _write(person, folder / "enrolled" / name, files)
    for number, person in enumerate(cast[ENROLLED:], 1):
        _write(person, folder / "strangers" / str(number), [f"visit-{i + 1}" for i in range(VISITS)])


def _write(person: Candidate, folder: Path, files: Sequence[str]) -> None:
    for file, data in zip(files, person.jpegs, strict=True):
        write_bytes(folder / f"{file}.jpg", data)


def people_in(folder: Path = PEOPLE) -> dict[str, tuple[Path, ...]]:
    """Return the pictures of each person: "Arlo", ..., "stranger 1", ...; an empty folder is a `UserError`."""
    folders = {path.name: path for path in sorted((folder / "enrolled").glob("*/"))}
    folders |= {f"stranger {path.name}": path for path in sorted((folder / "strangers").glob("*/"))}
    if not folders:
        raise UserError(folder, "holds no people", "make them with `python -m microface.demo.make_people build`")
    return {name: tuple(sorted(path.glob("*.jpg"))) for name, path in folders.items()}
