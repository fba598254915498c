"""Photos with the names of who is in them: a folder per person, or a list of files."""

from pathlib import Path

import numpy as np

from microface.errors import UserError
from microface.people.enrol import person_folders


def people_files(root: Path, listed: Path | None = None) -> tuple[list[str], np.ndarray]:
    """Return photos relative to `root`, and int [N] whose they are (0..people-1).

    `listed` has lines `GROUP/NAME/FILE`, the photo being `NAME/FILE` below `root`; else each folder is a person.
    """
    pairs = _listed(root, listed) if listed is not None else _in_folders(root)
    names = sorted({name for name, _ in pairs})
    return [file for _, file in pairs], np.array([names.index(name) for name, _ in pairs])


def _in_folders(root: Path) -> list[tuple[str, str]]:
    folders = person_folders(root)
    return [(name, f"{name}/{path.name}") for name, paths in folders.items() for path in paths]


def _listed(root: Path, path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(path, "cannot be read as a list of photos", "give lines GROUP/NAME/FILE") from error
    return [_line(root, path, number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]


def _line(root: Path, path: Path, number: int, line: str) -> tuple[str, str]:
    parts = line.split("/")
    if len(parts) != 3:
        raise UserError(f"{path}:{number}", f"{line!r} is not GROUP/NAME/FILE", "compare it with people_30.txt")
    file = f"{parts[1]}/{parts[2]}"
    if not (root / file).is_file():
        raise UserError(f"{path}:{number}", f"{root / file} is not there", "give the folder of the photos as --root")
    return parts[1], file
