"""Accuracy by group: who is refused more often, and who is let in under another's name, at one threshold for all."""

import csv
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microface.errors import UserError
from microface.evaluate.engines import Engine
from microface.evaluate.people import PeoplePhotos
from microface.evaluate.visits import held_out_people, held_out_rows
from microface.metrics.person_pairs import Rate, count_pairs, lowest_supported, split_pairs, true_accept_rates
from microface.metrics.roc import threshold_at_far
from microface.photos.dataset import Dataset

RATES = (0.01, 0.001, 0.0001, 0.00001)
_MOST = 6000
"""All pairs of more photos than this do not go into memory; people are then drawn."""
_PARTS = 4
_MANY_VALUES = 12
_JOINS = ("key", "identity")


@dataclass(frozen=True)
class Subjects:
    """Embedded photos: x' `centred` [N, D], `owners` int [N] (0..P-1), and what is known of each, by column."""

    centred: np.ndarray
    owners: np.ndarray
    columns: Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class GroupRates:
    """One group: pairs within it, judged by the threshold of all; None where it has no such pairs."""

    group: str
    people: int
    photos: int
    true_accepts: Rate | None
    false_accepts: Rate | None


@dataclass(frozen=True)
class GroupsResult:
    """Figures by the values of `column` at `threshold`, which accepts `rate` of all impostor pairs."""

    column: str
    rate: float
    threshold: float
    tar_at_far: dict[str, Rate]
    groups: tuple[GroupRates, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return asdict(self)


def subjects_of_dataset(dataset: Dataset, engine: Engine) -> Subjects:
    """Return the held-out people of `dataset` with every column of its rows."""
    centred, owners = held_out_people(dataset, engine)
    rows = held_out_rows(dataset)
    names = sorted({name for row in rows for name, value in row.items() if isinstance(value, str | int | float)})
    return Subjects(centred, owners, {name: tuple(row.get(name, "") for row in rows) for name in names})


def subjects_of_people(photos: PeoplePhotos, centred: np.ndarray) -> Subjects:
    """Return `photos` with the columns `group`, `identity` (the person's name) and `key` (the file)."""
    identity = tuple(photos.names[owner] for owner in photos.owners)
    return Subjects(centred, photos.owners, {"group": photos.groups, "identity": identity, "key": photos.files})


def with_table(subjects: Subjects, path: Path) -> Subjects:
    """Return `subjects` with the columns of the CSV file `path`, joined by its column `key` or `identity`."""
    rows = _read_table(path)
    join = next((name for name in _JOINS if name in rows[0]), None)
    if join is None or join not in subjects.columns:
        raise UserError(path, "has no column key or identity to join by", "name each row's photo or person")
    by_name = {row[join]: row for row in rows}
    new = [name for name in rows[0] if name != join]
    values = subjects.columns[join]
    return Subjects(
        subjects.centred,
        subjects.owners,
        {**subjects.columns, **{name: tuple(by_name.get(v, {}).get(name, "") for v in values) for name in new}},
    )


def _read_table(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [{str(k): str(v or "") for k, v in row.items() if k} for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(path, "cannot be read as a table", "give a CSV file with a header line") from error
    if not rows:
        raise UserError(path, "has no rows", "give a CSV file with a header line")
    return rows


def measure_groups(engine: Engine, subjects: Subjects, column: str, rate: float = 0.001) -> GroupsResult:
    """Return the rates of every value of `column`, at the threshold for the false-accept `rate` over all pairs.

    Where the pairs do not support `rate`, the lowest supported one is taken. Columns of many numbers are cut into
    quarters.
    """
    if column not in subjects.columns:
        raise UserError(f"--by {column}", "is not a column", f"choose one of {', '.join(sorted(subjects.columns))}")
    chosen = _limited(subjects)
    owners = np.unique(subjects.owners[chosen], return_inverse=True)[1]
    distances = engine.score.distances(subjects.centred[chosen], subjects.centred[chosen])
    _, impostor = split_pairs(distances, owners)
    if not impostor.size:
        raise UserError("groups", "need the photos of two people", "give more people")
    taken = max(rate, lowest_supported(impostor.size))
    threshold = max(threshold_at_far(impostor, taken), float(impostor.min()) - 1)
    values = labels([subjects.columns[column][i] for i in chosen])
    groups = (_group(name, values == name, distances, owners, threshold) for name in np.unique(values))
    found = true_accept_rates(distances, owners, RATES)
    return GroupsResult(column, taken, threshold, found, tuple(groups))


def _limited(subjects: Subjects) -> np.ndarray:
    """Return the rows of people drawn by seed 0, as many as fit into memory; all of them where that is possible."""
    owners = subjects.owners
    order = np.random.default_rng(0).permutation(int(owners.max()) + 1)
    reached = np.cumsum(np.bincount(owners)[order])
    return np.flatnonzero(np.isin(owners, order[reached <= max(_MOST, int(reached[0]))]))


def labels(values: Sequence[Any]) -> np.ndarray:
    """Return the group of each value as text; many different numbers are cut into quarters."""
    try:
        numbers = np.array([float(value) for value in values])
    except ValueError:
        return np.array([str(value) or "(none)" for value in values])
    if len(np.unique(numbers)) <= _MANY_VALUES:
        return np.array([f"{number:g}" for number in numbers])
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, _PARTS + 1)[1:-1]))
    names = [f"{i + 1}: {text}" for i, text in enumerate(_intervals(edges))]
    return np.array(names)[np.searchsorted(edges, numbers, side="right")]


def _intervals(edges: np.ndarray) -> list[str]:
    inner = [f"{low:.4g} to {high:.4g}" for low, high in itertools.pairwise(edges)]
    return [f"below {edges[0]:.4g}", *inner, f"{edges[-1]:.4g} and above"]


def _group(name: str, mask: np.ndarray, distances: np.ndarray, owners: np.ndarray, threshold: float) -> GroupRates:
    rows = np.flatnonzero(mask)
    own = np.unique(owners[rows], return_inverse=True)[1]
    pairs = count_pairs(distances[np.ix_(rows, rows)], own, threshold)
    return GroupRates(str(name), int(own.max()) + 1, len(rows), pairs.true_accepts(), pairs.false_accepts())
