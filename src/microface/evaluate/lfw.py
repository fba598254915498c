"""LFW's View 2: are the two photos of a pair the same person? On the integer network, or a float one beside it."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from microface.evaluate.engines import Engine
from microface.evaluate.pairs import Pairs
from microface.metrics.roc import auc, equal_error_rate, tar_table
from microface.metrics.thresholds import FoldAccuracy, fold_accuracy

RATES = (0.1, 0.01, 0.001, 0.0001)


@dataclass(frozen=True)
class LfwResult:
    """Figures of one engine on pairs; fractions 0..1. `distances` [pairs] and `same` make the ROC picture."""

    engine: Engine
    accuracy: FoldAccuracy
    auc: float
    equal_error_rate: float
    tar_at_far: dict[str, float]
    distances: np.ndarray
    same: np.ndarray
    folds: tuple[int, ...]
    failed_detections: int
    mirror: bool
    crop: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return the figures with what they were measured on."""
        return {
            "accuracy": self.accuracy.mean,
            "std_error": self.accuracy.std_error,
            "auc": self.auc,
            "equal_error_rate": self.equal_error_rate,
            "tar_at_far": self.tar_at_far,
            "pairs": len(self.same),
            "failed_detections": self.failed_detections,
            "network": self.engine.network,
            "model_id": self.engine.model_id,
            "engine": self.engine.name,
            "score": self.engine.score.name,
            "mirror": self.mirror,
            "crop": self.crop,
            "folds": list(self.folds),
            "fold_accuracies": list(self.accuracy.accuracies),
            "seconds": round(self.seconds, 3),
        }


def pair_distances(engine: Engine, pairs: Pairs, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the distance of each pair; row i of `first` and of `second` (x' [F, D]) belongs to `pairs.files[i]`."""
    row = {name: i for i, name in enumerate(pairs.files)}
    left, right = ([row[name] for name in names] for names in (pairs.first, pairs.second))
    return engine.score.pairs(first[left], second[right])


def measure(
    engine: Engine,
    pairs: Pairs,
    crops: np.ndarray,
    *,
    failed_detections: int,
    mirror: bool = False,
    crop: str = "aligned",
) -> LfwResult:
    """Return the figures of `engine` on `pairs`; `crops` uint8 [F, H, W, 3] are those of `pairs.files`, in order."""
    start = time.perf_counter()
    centred = engine.centred(crops, mirror)
    seconds = time.perf_counter() - start
    distances, same = pair_distances(engine, pairs, centred, centred), np.array(pairs.same)
    genuine, impostor = distances[same], distances[~same]
    return LfwResult(
        engine=engine,
        accuracy=fold_accuracy(distances, same, np.array(pairs.fold)),
        auc=auc(genuine, impostor),
        equal_error_rate=equal_error_rate(genuine, impostor),
        tar_at_far=tar_table(genuine, impostor, RATES),
        distances=distances,
        same=same,
        folds=tuple(sorted(set(pairs.fold))),
        failed_detections=failed_detections,
        mirror=mirror,
        crop=crop,
        seconds=seconds,
    )
