"""Enrolment: folders of photos, one per person, become a gallery; bad photos are left out with their reasons."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microface.chip.devices.device import Device
from microface.errors import UserError
from microface.people.gallery import Gallery, Person, check_name

RECOMMENDED = 5
"""Photos a person; with fewer, one bad photo decides too much."""
STRANGERS = "unknown"
"""Name of the folder whose photos show people who are not enrolled."""


@dataclass(frozen=True, eq=False)
class Look:
    """What is seen in one photo: the `crop` uint8 [H, W, 3] of its face (None without), `reasons` against using it.

    `remarks` speak against the photo, too, yet do not keep it from being used.
    """

    path: Path
    crop: np.ndarray | None
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the photo may be enrolled."""
        return self.crop is not None and not self.reasons


Looks = Mapping[str, Sequence[Look]]
LookAt = Callable[[Path], Look]


@dataclass(frozen=True, eq=False)
class Enrolment:
    """The people who were enrolled and the photos that were left out, with their reasons."""

    people: tuple[Person, ...]
    left_out: tuple[Look, ...]

    def warnings(self) -> list[str]:
        """Return what the owner should know: who has few photos, which photos were left out."""
        few = [f"{p.name} has {p.photos}" for p in self.people if p.photos < RECOMMENDED]
        lines = [f"{RECOMMENDED} photos a person are recommended: {', '.join(few)}"] if few else []
        return lines + [f"left out {look.path}: {', '.join(look.reasons)}" for look in self.left_out]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary without templates."""
        return {
            "people": [{"name": person.name, "photos": person.photos} for person in self.people],
            "left_out": [{"photo": str(look.path), "reasons": list(look.reasons)} for look in self.left_out],
            "warnings": self.warnings(),
        }


def person_folders(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each person's folder in `folder`, both sorted; hidden files are left aside."""
    if not folder.is_dir():
        raise UserError(folder, "is not a folder", "give a folder that has one folder of photos per person")
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise UserError(folder, "has no folder in it", "make one folder of photos per person")
    return {path.name: photo_files(path) for path in folders}


def photo_files(folder: Path) -> list[Path]:
    """Return the files in `folder`, sorted, without hidden ones."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def look_at_all(files: Mapping[str, Iterable[Path]], look: LookAt) -> dict[str, list[Look]]:
    """Return what `look` sees in each person's photos."""
    return {name: [look(path) for path in paths] for name, paths in files.items()}


def enrol(looks: Looks, device: Device) -> Enrolment:
    """Return the people of `looks` with templates by `device`; whoever has no usable photo is a `UserError`."""
    for name, seen in looks.items():
        check_name(name)
        _require_one(name, seen)
    people = tuple(Person(name, device.embed(usable_crops(seen))) for name, seen in looks.items())
    left_out = tuple(look for seen in looks.values() for look in seen if not look.usable)
    return Enrolment(people, left_out)


def usable_crops(looks: Sequence[Look]) -> np.ndarray:
    """Return the crops uint8 [N, H, W, 3] of those `looks` that are usable; there is at least one."""
    return np.stack([look.crop for look in looks if look.usable and look.crop is not None])


def _require_one(name: str, looks: Sequence[Look]) -> None:
    if any(look.usable for look in looks):
        return
    counts = Counter(reason for look in looks for reason in look.reasons)
    told = ", ".join(f"{count} x {reason}" for reason, count in counts.items()) or "the folder is empty"
    raise UserError(name, f"has no photo that can be enrolled ({told})", "add a clear photo of the face")


def new_gallery(model: str, model_id: str, dimensions: int, people: Sequence[Person]) -> Gallery:
    """Return a gallery of `people` that accepts nobody until its threshold is chosen."""
    return Gallery(model, model_id, dimensions, people=tuple(people))
