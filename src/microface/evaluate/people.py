"""Photos with the names of who is in them: a folder per person, or a list of files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microface.errors import UserError
from microface.people.enrol import person_folders


@dataclass(frozen=True)
class PeoplePhotos:
    """Photos of people: `files` relative to the root, `owners` int [N] whose they are, an index into `names`.

    `groups` names the group of each photo ("" where photos lie in a folder per person).
    """

    files: tuple[str, ...]
    owners: np.ndarray
    names: tuple[str, ...]
    groups: tuple[str, ...]

    def only(self, group: str) -> np.ndarray:
        """Return the rows of the photos of `group`, int [n]."""
        return np.flatnonzero([each == group for each in self.groups])

    @property
    def group_names(self) -> tuple[str, ...]:
        """Every group once, in the order of the list."""
        return tuple(dict.fromkeys(self.groups))


def people_files(root: Path, listed: Path | None = None) -> PeoplePhotos:
    """Return the photos of people below `root`.

    `listed` has lines `GROUP/NAME/FILE`, the photo being `NAME/FILE` below `root`; else each folder is a person.
    """
    rows = _listed(root, listed) if listed is not None else _in_folders(root)
    if not rows:
        raise UserError(listed or root, "names no photo", "give lines GROUP/NAME/FILE, or a folder per person")
    groups, people, files = zip(*rows, strict=True)
    names = tuple(sorted(set(people)))
    place = {name: i for i, name in enumerate(names)}
    return PeoplePhotos(files, np.array([place[name] for name in people]), names, groups)


Row = tuple[str, str, str]


def _in_folders(root: Path) -> list[Row]:
    folders = person_folders(root)
    return [("", name, f"{name}/{path.name}") for name, paths in folders.items() for path in paths]


def _listed(root: Path, path: Path) -> list[Row]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(path, "cannot be read as a list of photos", "give lines GROUP/NAME/FILE") from error
    return [_line(root, path, number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]


def _line(root: Path, path: Path, number: int, line: str) -> Row:
    parts = line.split("/")
    if len(parts) != 3:
        raise UserError(f"{path}:{number}", f"{line!r} is not GROUP/NAME/FILE", "compare it with people_30.txt")
    file = f"{parts[1]}/{parts[2]}"
    if not (root / file).is_file():
        raise UserError(f"{path}:{number}", f"{root / file} is not there", "give the folder of the photos as --root")
    return parts[0], parts[1], file
