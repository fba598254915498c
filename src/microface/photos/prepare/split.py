"""Who is kept from training: whole people, by a function of their names."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from microface.errors import UserError
from microface.photos.dataset import Split
from microface.photos.layouts import PhotoEntry
from microface.photos.layouts.layout import OfficialSplit
from microface.photos.prepare.recipe import Recipe

ALWAYS_FROM = 8
"""From so many people with enough photos on, at least two are held out."""
_AT_LEAST = 2


@dataclass
class People:
    """The people seen while a collection is listed: photos of each, and the split that the collection says.

    `listed` counts all photos, those of nobody known too.
    """

    photos: dict[str, int] = field(default_factory=dict)
    official: dict[str, OfficialSplit] = field(default_factory=dict)
    listed: int = 0

    def add(self, entry: PhotoEntry) -> None:
        """Count a photo; a person in two splits of the collection is a `UserError`."""
        if not entry.identity:
            return
        self.photos[entry.identity] = self.photos.get(entry.identity, 0) + 1
        said = self.official.setdefault(entry.identity, entry.split) if entry.split else entry.split
        if said != entry.split:
            mend = "repair the collection, or add --split-by-names"
            raise UserError(entry.identity, "is in two splits of the collection", mend)

    def held_out(self, recipe: Recipe) -> frozenset[str]:
        """Return the people kept from training."""
        if recipe.by_names or not self.official:
            return drawn(self.photos, recipe)
        rest = {name: count for name, count in self.photos.items() if name not in self.official}
        return drawn(rest, recipe) | {name for name, split in self.official.items() if split == "held_out"}


def drawn(photos: Mapping[str, int], recipe: Recipe) -> frozenset[str]:
    """Return who of `photos` {person: number of photos} is held out.

    One in `recipe.held_out` by the hash of the name alone, among those with enough photos; who is drawn at 24 is
    drawn at 12 too. Where fewer than two are drawn of eight people or more (with two photos, if so many do not have
    enough), the two next by that order are held out.
    """
    if not recipe.held_out:
        return frozenset()
    enough = sorted(name for name, count in photos.items() if count >= recipe.fewest)
    found = [name for name in enough if number(name) % recipe.held_out == 0]
    if len(enough) < ALWAYS_FROM:
        enough = sorted(name for name, count in photos.items() if count >= min(2, recipe.fewest))
    if len(found) < _AT_LEAST and len(enough) >= ALWAYS_FROM:
        found = sorted(enough, key=lambda name: (number(name) % recipe.held_out, number(name)))[:_AT_LEAST]
    return frozenset(found)


def number(name: str) -> int:
    """Return the number that decides on `name`: its SHA-256."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16)


def split_of(identity: str, held_out: Iterable[str]) -> Split:
    """Return the split of a photo of `identity`."""
    return "held_out" if identity in held_out else "train"
