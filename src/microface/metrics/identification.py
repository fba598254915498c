"""Closed-set identification: whose photo is this? Each photo is left out once and compared with all others."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Identified:
    """Answers for N photos of people 0..P-1.

    `owner` int [N] whose photo it is, `named` int [N] who was answered, `distance` [N] the mean distance to that
    person's photos, `people` = P.
    """

    owner: np.ndarray
    named: np.ndarray
    distance: np.ndarray
    people: int

    @property
    def right(self) -> np.ndarray:
        """Bool [N]: the answer is the owner."""
        return np.asarray(self.named == self.owner)

    def top1(self, weights: np.ndarray | None = None) -> float:
        """Return the share of right answers; `weights` [P] count each person's photos so often (bootstrap)."""
        each = np.ones(len(self.owner)) if weights is None else weights[self.owner]
        return float(each[self.right].sum() / each.sum()) if each.sum() else float("nan")

    def confusion(self) -> np.ndarray:
        """Return int [P, P]: row = owner, column = who was answered, entry = photos."""
        matrix = np.zeros((self.people, self.people), np.int64)
        np.add.at(matrix, (self.owner, self.named), 1)
        return matrix


def mean_to_others(distances: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Return the mean distances [N, P] of every photo to each person's *other* photos, floored for integers.

    `distances` [N, N] between all photos, `owner` int [N] in 0..P-1, every person with two photos or more. The
    distance of a photo to itself is left out, as application note "Face Identification Using MAX78000" does.
    """
    rows = np.arange(len(owner))
    belongs = owner[:, None] == np.arange(owner.max() + 1)[None, :]
    sums = distances.astype(np.float64) @ belongs  # integers stay exact below 2^53
    sums[rows, owner] -= distances[rows, rows]
    counts = belongs.sum(axis=0)[None, :] - belongs
    if not counts.all():
        raise ValueError("leaving one out needs two photos of every person")
    return sums.astype(np.int64) // counts if distances.dtype.kind == "i" else sums / counts


def identify(distances: np.ndarray, owner: np.ndarray) -> Identified:
    """Return who is answered for each photo: the nearest in the mean, of equals the lower index."""
    means = mean_to_others(distances, owner)
    named = means.argmin(axis=1)
    return Identified(owner, named, means[np.arange(len(owner)), named], means.shape[1])
