"""The gallery: enrolled people, their integer templates and the threshold; biometric data, so files are mode 0600."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from microface.errors import DamagedFileError, UserError
from microface.files import Container, read_container, write_bytes

KIND = "gallery"
NAME_BYTES = 59
NOBODY_ACCEPTED = -(2**31)
"""The threshold that accepts nobody."""


def check_name(name: str) -> str:
    """Return `name` if a gallery can hold it: 1..59 bytes of UTF-8 without control characters."""
    if not name or name != name.strip() or not name.isprintable():
        raise UserError(repr(name), "is not a name", "use printable characters, without blanks at the ends")
    if len(name.encode()) > NAME_BYTES:
        raise UserError(name, f"is longer than {NAME_BYTES} bytes", "use a shorter name")
    return name


@dataclass(frozen=True, eq=False)
class Person:
    """One enrolled person: `templates` int8 [n, D], one row per photo, n >= 1."""

    name: str
    templates: np.ndarray

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.templates.dtype != np.int8 or self.templates.ndim != 2 or not len(self.templates):
            raise ValueError("templates are int8 [n, D] with n >= 1")

    @property
    def photos(self) -> int:
        """Number of photos that were enrolled."""
        return len(self.templates)


@dataclass(frozen=True, eq=False)
class Gallery:
    """People enrolled with one model.

    `model` names the package (for people), `model_id` (64 hexadecimal digits) decides; `dimensions` is D; a visit is
    accepted when its distance is at most `threshold`; `rate` is the false-accept rate that the threshold was chosen
    for, None where it was given by hand.
    """

    model: str
    model_id: str
    dimensions: int
    threshold: int = NOBODY_ACCEPTED
    rate: float | None = None
    people: tuple[Person, ...] = ()

    def __post_init__(self) -> None:
        if not -(2**31) <= self.threshold < 2**31:
            raise UserError(self.threshold, "is not a threshold", "give an integer of 32 bits")
        names = [person.name for person in self.people]
        for name in names:
            if names.count(name) > 1:
                mend = "give people different names; to change somebody's photos, remove the person and add all of them"
                raise UserError(name, "is enrolled twice", mend)
        if any(person.templates.shape[1] != self.dimensions for person in self.people):
            raise ValueError(f"every template has {self.dimensions} values")

    def __len__(self) -> int:
        return len(self.people)

    def __iter__(self) -> Iterator[Person]:
        return iter(self.people)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of their indices."""
        return tuple(person.name for person in self.people)

    @property
    def photos(self) -> tuple[int, ...]:
        """Number of photos of each person."""
        return tuple(person.photos for person in self.people)

    @property
    def templates(self) -> np.ndarray:
        """All templates, int8 [T, D], person by person."""
        empty = np.zeros((0, self.dimensions), np.int8)
        return np.concatenate([empty, *(person.templates for person in self.people)])

    def index(self, name: str) -> int:
        """Return the index of the person `name`."""
        if name not in self.names:
            raise UserError(name, "is not enrolled", f"choose from {', '.join(self.names) or 'nobody: it is empty'}")
        return self.names.index(name)

    def add(self, person: Person) -> "Gallery":
        """Return the gallery with one person more, at the end."""
        return replace(self, people=(*self.people, person))

    def remove(self, name: str) -> "Gallery":
        """Return the gallery without the person `name`."""
        gone = self.index(name)
        return replace(self, people=self.people[:gone] + self.people[gone + 1 :])

    def rename(self, name: str, to: str) -> "Gallery":
        """Return the gallery with the person `name` called `to`."""
        place = self.index(name)
        people = list(self.people)
        people[place] = replace(people[place], name=to)
        return replace(self, people=tuple(people))

    def with_threshold(self, threshold: int, rate: float | None = None) -> "Gallery":
        """Return the gallery with another threshold, chosen for the false-accept `rate` or by hand."""
        return replace(self, threshold=threshold, rate=rate)

    def require_model(self, model_id: str, path: object = "gallery") -> None:
        """Refuse a gallery that another model made: its templates mean nothing to this one."""
        if self.model_id != model_id:
            made = f"was made with the model {self.model} ({self.model_id[:12]})"
            raise UserError(path, f"{made}, not {model_id[:12]}", "give that model, or enrol again with this one")

    def save(self, path: Path) -> None:
        """Write the gallery to `path`, wholly or not at all, readable by its owner alone."""
        content: dict[str, Any] = {
            "model": self.model,
            "model_id": self.model_id,
            "dimensions": self.dimensions,
            "threshold": self.threshold,
            "rate": self.rate,
            "names": list(self.names),
            "photos": list(self.photos),
        }
        write_bytes(path, Container(KIND, content, {"templates": self.templates}).to_bytes(), mode=0o600)

    @classmethod
    def load(cls, path: Path) -> "Gallery":
        """Read a gallery file; a damaged or foreign one is a `DamagedFileError`."""
        container = read_container(path, KIND)
        content = container.content
        try:
            people = split_people(content["names"], content["photos"], container.arrays["templates"])
            kept = {key: content[key] for key in ("model", "model_id", "dimensions", "threshold", "rate")}
            return cls(**kept, people=people)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(path, f"does not hold a whole gallery ({error})", "enrol again") from error


def split_people(names: list[str], photos: list[int], templates: np.ndarray) -> tuple[Person, ...]:
    """Return the people whose templates [T, D] lie one after another."""
    if sum(photos) != len(templates) or len(names) != len(photos):
        raise ValueError("numbers of names, photos and templates do not agree")
    parts = np.split(templates, np.cumsum(photos)[:-1].astype(np.intp)) if photos else []
    return tuple(Person(name, part) for name, part in zip(names, parts, strict=True))
