"""Scores of embeddings: distances, smaller is nearer; the integer definition that the chip computes too.

Embeddings are s8 or s16 integers; x' = x - zero_point. All sums are exact: with |x'| < 2^17 (mirrored s16) and up to
2,048 values every sum below stays under 2^53 (so a float64 product of matrices holds it) and every int64 under 2^63.
`isqrt` is the floor of the root. Float embeddings go through the same formulas in float64, without the floors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from microface.errors import UserError

ScoreName = Literal["l1", "l2", "l2norm", "cosine"]
SCORES: tuple[ScoreName, ...] = get_args(ScoreName)

UNIT = 1 << 14
"""Length of a normalised embedding; `l2norm` and `cosine` are in units of 1 / UNIT."""
_BLOCK = 1 << 22


def isqrt(value: np.ndarray) -> np.ndarray:
    """Return the floor of the square root of int64 `value`, 0 <= value < 2^62, as int64.

    The float root is off by at most one, which the two comparisons mend.
    """
    root = np.sqrt(value.astype(np.float64)).astype(np.int64)
    root -= root * root > value
    root += (root + 1) * (root + 1) <= value
    return root


def normalise(centred: np.ndarray) -> np.ndarray:
    """Return u, int64 [..., D]: `centred` integers [..., D] scaled to length 2^14; all 0 where they are all 0."""
    x = centred.astype(np.int64)
    norm = isqrt((x * x).sum(axis=-1, keepdims=True) << 16)
    safe = np.maximum(norm, 1)
    unit = np.clip(((x << 23) + safe) // (2 * safe), -UNIT, UNIT)
    return np.where(norm > 0, unit, 0)


def _normalise_float(centred: np.ndarray) -> np.ndarray:
    norm = np.sqrt((centred * centred).sum(axis=-1, keepdims=True))
    return np.asarray(UNIT * np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 0))


def _l1(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(a - b).sum(axis=-1))


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    difference = a - b
    return np.asarray((difference * difference).sum(axis=-1))


def _root(value: np.ndarray) -> np.ndarray:
    return isqrt(value) if value.dtype.kind == "i" else np.sqrt(value)


def _cosine(product: np.ndarray) -> np.ndarray:
    if product.dtype.kind == "i":
        return UNIT - ((product + UNIT // 2) >> 14)
    return UNIT - product / UNIT


_PAIRS: dict[ScoreName, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "l1": _l1,
    "l2": lambda a, b: _root(64 * _squared(a, b)),
    "l2norm": lambda a, b: _root(_squared(a, b)),
    "cosine": lambda a, b: _cosine((a * b).sum(axis=-1)),
}


@dataclass(frozen=True)
class Score:
    """A named score and the zero point of the embedding tensor that it compares.

    Distances of integers are int64 (`l1` in steps of the tensor, `l2` in eighths of one, `l2norm` and `cosine` in
    2^-14), of floats float64 in the same units. A visit is accepted when its distance is at most the threshold.
    """

    name: ScoreName
    zero_point: int = 0

    def __post_init__(self) -> None:
        if self.name not in SCORES:
            raise UserError(self.name, "is not a score", f"choose one of {', '.join(SCORES)}")

    @property
    def normalised(self) -> bool:
        """Whether embeddings are brought to one length before they are compared."""
        return self.name in ("l2norm", "cosine")

    def centred(self, embeddings: np.ndarray, mirrored: np.ndarray | None = None) -> np.ndarray:
        """Return x' of `embeddings` [..., D], int64 or float64; with `mirrored` the sum of both pictures' x'."""
        x = _wide(embeddings) - self.zero_point
        return x if mirrored is None else x + (_wide(mirrored) - self.zero_point)

    def prepared(self, centred: np.ndarray) -> np.ndarray:
        """Return what the sums run over: `centred` itself, or normalised to length 2^14."""
        if not self.normalised:
            return centred
        return normalise(centred) if centred.dtype.kind == "i" else _normalise_float(centred)

    def pairs(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the distances [N] of row i of `a` to row i of `b`, both x' [N, D]."""
        return _PAIRS[self.name](self.prepared(a), self.prepared(b))

    def distances(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the distances [N, M] of every row of `a` [N, D] to every row of `b` [M, D], both x'."""
        left, right = self.prepared(a), self.prepared(b)
        if self.name == "l1":
            return _l1_matrix(left, right)
        product = _product(left, right)
        if self.name == "cosine":
            return _cosine(product)
        squares = (left * left).sum(axis=1)[:, None] + (right * right).sum(axis=1)[None, :] - 2 * product
        squares = np.maximum(squares, 0)
        return _root(64 * squares if self.name == "l2" else squares)

    def to_people(self, visits: np.ndarray, templates: np.ndarray, photos: np.ndarray) -> np.ndarray:
        """Return the distances [N, P] of visits x' [N, D] to people: the mean over a person's photos, floored.

        `templates` x' [T, D] hold each person's photos one after another, `photos` int [P] (each >= 1) counts them.
        """
        each = self.distances(visits, templates)
        starts = np.concatenate([[0], np.cumsum(photos)[:-1]]).astype(np.intp)
        sums = np.add.reduceat(each, starts, axis=1)
        return sums // photos if each.dtype.kind == "i" else sums / photos


def _wide(embeddings: np.ndarray) -> np.ndarray:
    return embeddings.astype(np.int64 if embeddings.dtype.kind in "iu" else np.float64)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the exact products [N, M] of the rows; float64 holds integers below 2^53."""
    product = a.astype(np.float64) @ b.astype(np.float64).T
    return np.rint(product).astype(np.int64) if a.dtype.kind == "i" else product


def _l1_matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the sums of absolute differences [N, M], a block of rows at a time."""
    rows = max(1, _BLOCK // max(1, b.size))
    parts = [_l1(a[i : i + rows, None], b[None]) for i in range(0, len(a), rows)]
    return np.concatenate(parts) if parts else np.zeros((0, len(b)), a.dtype)
