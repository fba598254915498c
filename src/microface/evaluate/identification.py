"""Identification by the protocol of application note "Face Identification Using MAX78000" (system A).

People of one group are enrolled with all their photos. Each photo is left out once and given the name of the person
whose other photos are nearest in the mean. For unknown people the photos of the other groups visit the same gallery.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from microface.errors import UserError
from microface.evaluate.at_threshold import AtThreshold, at_rate, corner, lowest_rate, rates_at, without_curves
from microface.evaluate.engines import Engine
from microface.evaluate.people import PeoplePhotos
from microface.metrics.bootstrap import bootstrap_people
from microface.metrics.identification import Identified, identify
from microface.metrics.open_set import Visits, open_set_roc
from microface.metrics.roc import Roc
from microface.network.scores import SCORES, Score, ScoreName

PROTOCOL_SCORE: ScoreName = "l2"
UNKNOWN_SCORES: tuple[ScoreName, ...] = ("l2", "l1")
"""The note's own distance, and its cheap alternative, which needs a threshold of its own."""


@dataclass(frozen=True)
class UnknownFigures:
    """Strangers before the gallery of one group, by one score.

    `roc` counts strangers only (as usual), `roc_misnamed` wrong names too (as the note does); each has its threshold
    nearest to the corner. `chosen_rate` accepts at most `rate` of the strangers, `rate` being what was asked for or
    the lowest that their number supports.
    """

    score: ScoreName
    strangers: int
    corner: AtThreshold
    corner_misnamed: AtThreshold
    chosen_rate: AtThreshold
    rate: float
    roc: Roc
    roc_misnamed: Roc

    def to_json(self) -> dict[str, Any]:
        """Return the figures, without the curves."""
        return without_curves(self)


@dataclass(frozen=True)
class GroupFigures:
    """One group: `identified` by `score`, top-1 of every score, and its strangers (none: no other group)."""

    group: str
    people: tuple[str, ...]
    score: ScoreName
    identified: Identified
    interval: tuple[float, float]
    top1_by_score: dict[str, float]
    unknown: tuple[UnknownFigures, ...]

    @property
    def photos(self) -> int:
        """Number of photos identified."""
        return len(self.identified.owner)

    @property
    def top1(self) -> float:
        """Share of photos given the right name."""
        return self.identified.top1()

    def to_json(self) -> dict[str, Any]:
        """Return the figures; `confusion` has a row per person and a column per answer."""
        return {
            "group": self.group,
            "people": list(self.people),
            "photos": self.photos,
            "score": self.score,
            "top1": self.top1,
            "top1_interval": list(self.interval),
            "top1_by_score": self.top1_by_score,
            "confusion": self.identified.confusion().tolist(),
            "unknown": [each.to_json() for each in self.unknown],
        }


def identify_groups(
    engine: Engine, photos: PeoplePhotos, centred: np.ndarray, score: ScoreName = PROTOCOL_SCORE, rate: float = 0.01
) -> tuple[GroupFigures, ...]:
    """Return the figures of each group of `photos`; `centred` x' [N, D] are their embeddings by `engine`."""
    counts = np.bincount(photos.owners)
    if counts.min() < 2:
        alone = photos.names[int(counts.argmin())]
        raise UserError(alone, "has one photo only", "give two photos of every person, since each is left out once")
    return tuple(_group(engine.score, photos, centred, group, score, rate) for group in photos.group_names)


def _group(
    base: Score, photos: PeoplePhotos, centred: np.ndarray, group: str, score: ScoreName, rate: float
) -> GroupFigures:
    rows = photos.only(group)
    people, owner = np.unique(photos.owners[rows], return_inverse=True)
    if len(people) < 2:
        raise UserError(f"group {group}", "has one person only", "give two people in every group")
    own = centred[rows]
    found = {name: identify(replace(base, name=name).distances(own, own), owner) for name in SCORES}
    strangers = np.setdiff1d(np.arange(len(photos.owners)), rows)
    scores = UNKNOWN_SCORES if strangers.size else ()
    return GroupFigures(
        group,
        tuple(photos.names[person] for person in people),
        score,
        found[score],
        bootstrap_people(found[score].top1, len(people)),
        {name: each.top1() for name, each in found.items()},
        tuple(_unknown(replace(base, name=name), found[name], photos, centred, rows, rate) for name in scores),
    )


def _unknown(
    score: Score, found: Identified, photos: PeoplePhotos, centred: np.ndarray, rows: np.ndarray, rate: float
) -> UnknownFigures:
    strangers = np.setdiff1d(np.arange(len(photos.owners)), rows)
    visits = _visits(score, found, photos, centred, rows, strangers)
    roc, misnamed = open_set_roc(visits), open_set_roc(visits, misnamed=True)
    return UnknownFigures(
        score.name,
        len(strangers),
        rates_at(visits, corner(roc)),
        rates_at(visits, corner(misnamed), misnamed=True),
        at_rate(visits, rate),
        max(rate, lowest_rate(len(strangers))),
        roc,
        misnamed,
    )


def _visits(
    score: Score, found: Identified, photos: PeoplePhotos, centred: np.ndarray, rows: np.ndarray, strangers: np.ndarray
) -> Visits:
    """Return the visits of the group's photos, each left out, and of all other photos against the whole gallery."""
    order = np.argsort(found.owner, kind="stable")
    counts = np.bincount(found.owner)
    distances = score.to_people(centred[strangers], centred[rows[order]], counts).min(axis=1)
    return Visits(
        np.concatenate([found.distance, distances]),
        np.concatenate([found.right, np.zeros(len(strangers), bool)]),
        photos.owners[np.concatenate([rows, strangers])],
        np.arange(len(rows) + len(strangers)) < len(rows),
    )
