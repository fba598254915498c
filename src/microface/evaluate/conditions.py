"""Pairs whose second photo is a poor copy: the first was enrolled in good light, the second is the visit."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microface.evaluate.copies import COPIES, Copy
from microface.evaluate.crops import CropName
from microface.evaluate.engines import Engine, embed_files
from microface.evaluate.lfw import RATES, pair_distances
from microface.evaluate.pairs import Pairs
from microface.metrics.open_set import best_at
from microface.metrics.roc import auc, roc, share_accepted, tar_table
from microface.metrics.thresholds import fold_accuracy

FIXED_RATE = 0.01
"""The fixed threshold is that which accepts this share of impostors among the unchanged photos."""


@dataclass(frozen=True)
class ConditionResult:
    """Figures of one kind of copy; fractions 0..1.

    `accuracy` and `tar_at_far` choose their thresholds on the copies themselves; `true_accepts` and `false_accepts`
    are taken at `threshold`, fixed on the unchanged photos as a lock's is.
    """

    name: str
    title: str
    accuracy: float
    std_error: float
    auc: float
    tar_at_far: dict[str, float]
    threshold: float
    true_accepts: float
    false_accepts: float

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return asdict(self)


def measure_conditions(
    engine: Engine,
    root: Path,
    pairs: Pairs,
    crop: CropName = "aligned",
    copies: Sequence[Copy] = COPIES,
    both: bool = False,
    plain: np.ndarray | None = None,
) -> tuple[ConditionResult, ...]:
    """Return the figures of the unchanged photos and of each of `copies`; with `both` the first photo is one too.

    `plain` are x' [F, D] of the unchanged photos, if they are known already.
    """
    plain = embed_files(engine, root, pairs.files, crop) if plain is None else plain
    second = set(pairs.second)
    visits = [i for i, name in enumerate(pairs.files) if name in second]
    unchanged = pair_distances(engine, pairs, plain, plain)
    same = np.array(pairs.same)
    threshold = best_at(roc(unchanged[same], unchanged[~same]), FIXED_RATE)[0]
    results = [_result("unchanged", "the photos as they are", unchanged, pairs, threshold)]
    for copy in copies:
        poor = _embedded(engine, root, pairs.files, crop, copy, None if both else visits)
        distances = pair_distances(engine, pairs, poor if both else plain, poor)
        results.append(_result(copy.name, copy.title, distances, pairs, threshold))
    return tuple(results)


def _embedded(
    engine: Engine,
    root: Path,
    files: tuple[str, ...],
    crop: CropName,
    copy: Copy,
    rows: list[int] | None = None,
) -> np.ndarray:
    """Return x' [F, D] of `files`; with `rows` of those alone, the others being 0."""
    found = embed_files(engine, root, files, crop, copy, rows)
    if rows is None:
        return found
    whole = np.zeros((len(files), found.shape[1]), found.dtype)
    whole[rows] = found
    return whole


def _result(name: str, title: str, distances: np.ndarray, pairs: Pairs, threshold: float) -> ConditionResult:
    same = np.array(pairs.same)
    genuine, impostor = distances[same], distances[~same]
    found = fold_accuracy(distances, same, np.array(pairs.fold))
    accepted = (float(share_accepted(each, np.array([threshold]))[0]) for each in (genuine, impostor))
    table = tar_table(genuine, impostor, RATES)
    return ConditionResult(
        name,
        title,
        found.mean,
        found.std_error,
        auc(genuine, impostor),
        table,
        threshold,
        next(accepted),
        next(accepted),
    )
