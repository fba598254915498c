"""Who plays in the demo: photos to enrol, and visits of the same people and of strangers."""

from dataclasses import dataclass
from pathlib import Path

from microface.errors import UserError
from microface.people.enrol import STRANGERS, person_folders

PEOPLE = Path(__file__).parent / "people"


@dataclass(frozen=True)
class Visit:
    """A photo that enrolment never saw; `person` is who it shows, None for a stranger."""

    photo: Path
    person: str | None


@dataclass(frozen=True)
class Cast:
    """Who plays: `title` says who they are, `made_up` that they do not exist.

    `enrolled` lists each person's photos for enrolment; `visits` are tried on the chip.
    """

    title: str
    made_up: bool
    enrolled: dict[str, tuple[Path, ...]]
    visits: tuple[Visit, ...]


def made_up_people() -> Cast:
    """Return the people who do not exist: pictures `enrol-*` are enrolled, `visit-*` are visits."""
    folders = sorted(path for path in (PEOPLE / "enrolled").iterdir() if path.is_dir())
    enrolled = {folder.name: tuple(sorted(folder.glob("enrol-*.jpg"))) for folder in folders}
    visits = [Visit(photo, folder.name) for folder in folders for photo in sorted(folder.glob("visit-*.jpg"))]
    visits += [Visit(photo, None) for photo in sorted((PEOPLE / "strangers").glob("*/visit-*.jpg"))]
    return Cast("people who do not exist", True, enrolled, tuple(visits))


def people_of(folder: Path) -> Cast:
    """Return the people of the user's `folder`: a folder each, the last third of its photos held back as visits.

    Photos in a folder `unknown` are strangers' visits.
    """
    people = person_folders(folder)
    strangers = people.pop(STRANGERS, [])
    if not people:
        raise UserError(folder, "holds strangers only", "make a folder of photos per person in it")
    enrolled = {name: tuple(photos[: len(photos) - len(photos) // 3]) for name, photos in people.items()}
    visits = [Visit(photo, name) for name, photos in people.items() for photo in photos[len(enrolled[name]) :]]
    return Cast(f"photos of {folder}", False, enrolled, (*visits, *(Visit(photo, None) for photo in strangers)))
