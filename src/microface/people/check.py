"""The printed check of a gallery on its owner's photos; it moves nothing."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from microface.network.scores import Score
from microface.people.gallery import Gallery

_FAR = np.iinfo(np.int64).max
"""The distance to nobody."""


@dataclass(frozen=True)
class GalleryCheck:
    """What the gallery says to its own photos, each left out once, and to the strangers' photos given.

    `refused`: photos per name not recognised as their own person (also those taken for another); `tried` photos per
    name that could be left out (people with one photo cannot be tried); `taken_for`: (name, other name) -> photos of
    the first that were given the second name. `strangers` photos were given, `accepted` counts them by the name given.
    `own` are the distances of the photos tried to their own person, `nearest` those of strangers to whoever is nearest.
    """

    tried: dict[str, int]
    refused: dict[str, int]
    taken_for: dict[tuple[str, str], int]
    strangers: int
    accepted: dict[str, int]
    own: tuple[int, ...] = ()
    nearest: tuple[int, ...] = ()

    @property
    def refused_share(self) -> float | None:
        """Share of the gallery's own photos that were refused; None where none could be tried."""
        tried = sum(self.tried.values())
        return sum(self.refused.values()) / tried if tried else None

    @property
    def accepted_share(self) -> float | None:
        """Share of the strangers' photos that were given a name; None without strangers."""
        return sum(self.accepted.values()) / self.strangers if self.strangers else None

    def sentences(self) -> list[str]:
        """Return what to print, by name."""
        return [*self._own_sentences(), *self._stranger_sentences()]

    def _own_sentences(self) -> list[str]:
        tried = sum(self.tried.values())
        if not tried:
            return ["own photos: nobody has two photos, so none could be left out and tried"]
        lines = [f"own photos, each left out once: {sum(self.refused.values())} of {tried} refused"]
        lines += [f"  {name}: {count} of {self.tried[name]} refused" for name, count in self.refused.items()]
        lines += [f"  {one} was taken for {other} in {n} photo(s)" for (one, other), n in self.taken_for.items()]
        return [*lines, *_distances(self.own)]

    def _stranger_sentences(self) -> list[str]:
        if not self.strangers:
            return []
        lines = [f"strangers' photos: {sum(self.accepted.values())} of {self.strangers} accepted"]
        return [*lines, *(f"  {count} as {name}" for name, count in self.accepted.items()), *_distances(self.nearest)]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        taken = [{"name": one, "taken_for": other, "photos": n} for (one, other), n in self.taken_for.items()]
        return {
            "tried": sum(self.tried.values()),
            "refused": sum(self.refused.values()),
            "refused_by_name": self.refused,
            "taken_for": taken,
            "strangers": self.strangers,
            "strangers_accepted": sum(self.accepted.values()),
            "strangers_accepted_as": self.accepted,
            "own_distances": sorted(self.own),
            "stranger_distances": sorted(self.nearest),
        }


def check(gallery: Gallery, score: Score, strangers: np.ndarray | None = None) -> GalleryCheck:
    """Return the check of `gallery` by `score`; `strangers` are embeddings int8 [S, D] of people not enrolled."""
    tried, refused = Counter[str](), Counter[str]()
    taken: Counter[tuple[str, str]] = Counter()
    left_out = _left_out(gallery, score)
    for (name, alone), said in zip(_owners(gallery), _names(gallery, left_out), strict=True):
        if not alone:
            tried[name] += 1
            refused[name] += said != name
        if said not in (name, None):
            taken[name, str(said)] += 1
    visits = np.zeros((0, gallery.dimensions), np.int8) if strangers is None else strangers
    distances = _to_people(gallery, score, visits)
    accepted = Counter(name for name in _names(gallery, distances) if name is not None)
    own, nearest = _own(gallery, left_out), tuple(distances.min(axis=1).tolist()) if len(gallery) else ()
    return GalleryCheck(dict(tried), _positive(refused), dict(taken), len(visits), dict(accepted), own, nearest)


def _distances(values: tuple[int, ...]) -> list[str]:
    """Return a line on how far photos are, none without photos or people."""
    if not values:
        return []
    return [f"  at distances of {min(values):,} to {max(values):,}, half of them below {int(np.median(values)):,}"]


def _own(gallery: Gallery, distances: np.ndarray) -> tuple[int, ...]:
    """Return the distances of photos to their own person's others, where there are any."""
    owner = np.repeat(np.arange(len(gallery)), gallery.photos)
    own = distances[np.arange(len(owner)), owner]
    return tuple(own[own < _FAR].tolist())


def _positive(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _owners(gallery: Gallery) -> list[tuple[str, bool]]:
    """Return per template its person's name and whether it is the person's only one."""
    return [(person.name, person.photos == 1) for person in gallery for _ in range(person.photos)]


def _left_out(gallery: Gallery, score: Score) -> np.ndarray:
    """Return int64 [templates, people]: the distance of every template to each person, itself left out."""
    if not len(gallery):
        return np.zeros((0, 0), np.int64)
    each = score.distances(*2 * (score.centred(gallery.templates),))
    photos = np.array(gallery.photos)
    owner = np.repeat(np.arange(len(gallery)), photos)
    sums = np.add.reduceat(each, np.cumsum(photos) - photos, axis=1)
    counts = np.tile(photos, (len(owner), 1))
    rows = np.arange(len(owner))
    sums[rows, owner] -= each[rows, rows]
    counts[rows, owner] -= 1
    return np.where(counts > 0, sums // np.maximum(counts, 1), _FAR)


def decide(gallery: Gallery, score: Score, embeddings: np.ndarray) -> list[str | None]:
    """Return the name that `gallery` gives to each of the embeddings int8 [N, D], None for unknown."""
    return _names(gallery, _to_people(gallery, score, embeddings))


def _to_people(gallery: Gallery, score: Score, embeddings: np.ndarray) -> np.ndarray:
    """Return int64 [N, people], the distances of the embeddings int8 [N, D]."""
    if not len(gallery) or not len(embeddings):
        return np.zeros((len(embeddings), len(gallery)), np.int64)
    return score.to_people(score.centred(embeddings), score.centred(gallery.templates), np.array(gallery.photos))


def _names(gallery: Gallery, distances: np.ndarray) -> list[str | None]:
    """Return per row the nearest person's name, the lower index of equals, or None above the threshold."""
    if not len(gallery):
        return [None] * len(distances)
    nearest = distances.argmin(axis=1)
    least = distances[np.arange(len(distances)), nearest]
    named = zip(nearest, least <= gallery.threshold, strict=True)
    return [gallery.names[index] if known else None for index, known in named]
