"""Open-set identification: half of the people enrolled, the others unknown; is each photo given the right name?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from microface.errors import UserError
from microface.evaluate.at_threshold import AtThreshold, at_rate, corner, lowest_rate, rates_at, without_curves
from microface.metrics.gallery_rate import choose_threshold
from microface.metrics.open_set import RateAt, Visits, dir_at_fpir, open_set_roc
from microface.metrics.roc import Roc
from microface.metrics.visits import VisitStatistics
from microface.network.scores import Score

FPIRS = (0.01, 0.1)


@dataclass(frozen=True)
class Draws:
    """How people are drawn: `enrolled` photos of a person at most, `times` different halves, by `seed`."""

    enrolled: int = 5
    times: int = 10
    seed: int = 0


@dataclass(frozen=True)
class Trial:
    """Visits of all draws (`times`) together, and the numbers of photos of the people enrolled in the first."""

    visits: Visits
    photos: tuple[int, ...]
    times: int


@dataclass(frozen=True)
class OpenSetResult:
    """What an open-set check found.

    `chosen_rate` accepts at most `rate` of these strangers, `rate` being the wanted one or the lowest that their number
    supports; `from_statistics` uses the threshold that enrolment would have chosen for `wanted_rate`.
    `roc` and `roc_misnamed` (wrong names count as false accepts) are for pictures.
    """

    people: int
    enrolled: int
    visits: int
    strangers: int
    best_corner: AtThreshold
    chosen_rate: AtThreshold
    rate: float
    from_statistics: AtThreshold | None
    wanted_rate: float | None
    dir_at_fpir: tuple[RateAt, ...]
    roc: Roc
    roc_misnamed: Roc

    def to_json(self) -> dict[str, Any]:
        """Return the figures, without the curves."""
        return without_curves(self)


def run_trials(score: Score, centred: np.ndarray, owners: np.ndarray, draws: Draws) -> Trial:
    """Return the visits of x' `centred` [N, D], whose people are `owners` int [N], 0..people-1."""
    counts = np.bincount(owners)
    if (counts > 1).sum() < 2 or len(counts) < 2:
        raise UserError("open-set check", "needs two people with two photos each", "give more photos")
    parts = [_draw(score, centred, owners, generator, draws.enrolled) for generator in _generators(draws)]
    columns = zip(*(vars(visits).values() for visits, _ in parts), strict=True)
    return Trial(Visits(*(np.concatenate(column) for column in columns)), parts[0][1], draws.times)


def _generators(draws: Draws) -> Iterator[np.random.Generator]:
    return (np.random.default_rng([draws.seed, i]) for i in range(draws.times))


def _draw(
    score: Score, centred: np.ndarray, owners: np.ndarray, generator: np.random.Generator, most: int
) -> tuple[Visits, tuple[int, ...]]:
    """Return the visits when half of those with two photos are enrolled, and their numbers of photos."""
    able = np.flatnonzero(np.bincount(owners) > 1)
    people = np.sort(generator.permutation(able)[: len(able) // 2])
    rows = [_some(np.flatnonzero(owners == person), generator, most) for person in people]
    photos = np.array([len(each) for each in rows])
    templates = np.concatenate(rows)
    visitors = np.setdiff1d(np.arange(len(owners)), templates)
    distances = score.to_people(centred[visitors], centred[templates], photos)
    nearest = distances.argmin(axis=1)
    owner = owners[visitors]
    least = distances[np.arange(len(visitors)), nearest]
    return Visits(least, people[nearest] == owner, owner, np.isin(owner, people)), tuple(map(int, photos))


def _some(rows: np.ndarray, generator: np.random.Generator, most: int) -> np.ndarray:
    """Return up to `most` of a person's photos, leaving at least one for a visit."""
    return np.sort(generator.permutation(rows)[: min(most, len(rows) - 1)])


def judge(trial: Trial, statistics: VisitStatistics | None = None, wanted: float = 0.001) -> OpenSetResult:
    """Return the figures of `trial`; `statistics` give the threshold that enrolment would have chosen for `wanted`."""
    visits = trial.visits
    roc = open_set_roc(visits)
    chosen = choose_threshold(statistics, trial.photos, wanted) if statistics is not None else None
    found = (dir_at_fpir(visits, fpir, trial.times) for fpir in FPIRS)
    return OpenSetResult(
        people=visits.people,
        enrolled=len(trial.photos),
        visits=int(visits.enrolled.sum()),
        strangers=int((~visits.enrolled).sum()),
        best_corner=rates_at(visits, corner(roc)),
        chosen_rate=at_rate(visits, wanted, trial.times),
        rate=max(wanted, lowest_rate(int((~visits.enrolled).sum()) // trial.times)),
        from_statistics=rates_at(visits, chosen.threshold) if chosen is not None else None,
        wanted_rate=chosen.target if chosen is not None else None,
        dir_at_fpir=tuple(each for each in found if each is not None),
        roc=roc,
        roc_misnamed=open_set_roc(visits, misnamed=True),
    )
