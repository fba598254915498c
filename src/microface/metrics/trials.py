"""Trials of visits from held-out people's embeddings: who stands before whose enrolled photos."""

from collections.abc import Callable, Sequence

import numpy as np

from microface.metrics.bootstrap import REPLICATES
from microface.metrics.visits import PHOTOS, Trials, VisitStatistics, count_trials, threshold_steps

Distances = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Embeddings [M, D] and [K, D] -> int64 [M, K]."""

_TEMPLATES_AT_ONCE = 256


def measure_visits(
    embeddings: np.ndarray,
    owners: np.ndarray,
    distances: Distances,
    photos: Sequence[int] = PHOTOS,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> VisitStatistics:
    """Return the visit statistics of `embeddings` [N, D] whose people are `owners` int [N] (0..people-1).

    For each n every person with n photos or more is enrolled with n of them, drawn by `seed`; every photo of other
    people is a stranger's visit, every further photo of the person a genuine one. Numbers n that nobody has, are left
    out. At least two people are needed.
    """
    if np.unique(owners).size < 2:
        raise ValueError("visit statistics need the photos of at least two people")
    possible = tuple(n for n in photos if np.bincount(owners).max() >= n)
    pairs = [_trials(embeddings, owners, distances, n, seed) for n in possible]
    strangers, genuine = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    steps = threshold_steps([trials.distance for trials in strangers + genuine])
    counted = (count_trials(kind, steps, replicates, seed) for kind in (strangers, genuine))
    return VisitStatistics(steps, possible, *counted)


def _trials(
    embeddings: np.ndarray, owners: np.ndarray, distances: Distances, n: int, seed: int
) -> tuple[Trials, Trials]:
    """Return the strangers' and the genuine trials for `n` enrolled photos a person."""
    people, chosen = _enrolled(owners, n, seed)
    distance = _person_distances(embeddings, chosen, distances)
    stranger = owners[:, None] != people[None, :]
    genuine = ~stranger
    genuine[chosen.ravel(), np.repeat(np.arange(len(people)), n)] = False
    return _pick(distance, stranger, people, owners), _genuine(_pick(distance, genuine, people, owners))


def _enrolled(owners: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the people [P] with at least `n` photos and int [P, n] photos drawn of each."""
    generator = np.random.default_rng([seed, n])
    people = np.flatnonzero(np.bincount(owners) >= n)
    drawn = [generator.choice(np.flatnonzero(owners == person), n, replace=False) for person in people]
    return people, np.array(drawn)


def _person_distances(embeddings: np.ndarray, chosen: np.ndarray, distances: Distances) -> np.ndarray:
    """Return int64 [N, P]: floor of the mean distance of every photo to each person's n chosen ones."""
    people, n = chosen.shape
    step = max(1, _TEMPLATES_AT_ONCE // n)
    parts = []
    for first in range(0, people, step):
        block = chosen[first : first + step]
        each = distances(embeddings, embeddings[block.ravel()])
        parts.append(each.reshape(len(embeddings), len(block), n).sum(axis=2) // n)
    return np.concatenate(parts, axis=1)


def _pick(distance: np.ndarray, mask: np.ndarray, people: np.ndarray, owners: np.ndarray) -> Trials:
    rows, columns = np.nonzero(mask)
    return Trials(distance[rows, columns], people[columns], owners[rows])


def _genuine(trials: Trials) -> Trials:
    """Return the trials with one and the same array on both sides: a genuine trial has one person, drawn once."""
    return Trials(trials.distance, trials.person, trials.person)
