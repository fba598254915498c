"""Visit statistics of a data set's held-out people: what a package's thresholds come from."""

from typing import Any

import numpy as np

from microface.chip.devices.embed import centre
from microface.errors import UserError
from microface.evaluate.engines import Engine
from microface.metrics.roc import supported
from microface.metrics.trials import measure_visits
from microface.metrics.visits import VisitStatistics
from microface.photos.dataset import Dataset, Shard

RATES = (0.01, 0.001, 0.0001, 0.00001)


def held_out_people(dataset: Dataset, engine: Engine) -> tuple[np.ndarray, np.ndarray]:
    """Return x' [N, D] of the held-out photos with a name, by `engine`, and whose they are, int [N] from 0.

    The teacher's embeddings are those stored in the data set; other engines embed the crops' centres, which have to
    show faces as the engine's own crop does: else a `UserError`.
    """
    if engine.name != "teacher":
        dataset.require_crop(engine.preprocess)
    chosen = [_held_out_rows(shard) for shard in dataset.shards]
    names = [row["identity"] for row in held_out_rows(dataset)]
    if len(set(names)) < 2:
        raise UserError(dataset.folder, "has no two held-out people", "prepare it with a larger held-out share")
    parts = [_embedded(shard, rows, engine) for shard, rows in zip(dataset.shards, chosen, strict=True) if len(rows)]
    owners = np.unique(names, return_inverse=True)[1]
    return engine.score.centred(np.concatenate(parts)), owners.astype(np.int64)


def held_out_rows(dataset: Dataset) -> list[dict[str, Any]]:
    """Return what is known of each held-out photo with a name, in the order of `held_out_people`."""
    return [row for shard in dataset.shards for row in shard.read_rows() if _is_held_out(row)]


def _held_out_rows(shard: Shard) -> np.ndarray:
    return np.flatnonzero([_is_held_out(row) for row in shard.read_rows()])


def _is_held_out(row: dict[str, Any]) -> bool:
    return row["split"] == "held_out" and bool(row["identity"])


def _embedded(shard: Shard, rows: np.ndarray, engine: Engine) -> np.ndarray:
    if engine.name == "teacher":
        return shard.map_embeddings()[rows]
    size = engine.preprocess.height, engine.preprocess.width
    return engine.embed(centre(shard.crop_file()[rows], size), f"shard {shard.info.number}")


def measure_dataset(dataset: Dataset, engine: Engine, seed: int = 0) -> VisitStatistics:
    """Return the visit statistics of the held-out people of `dataset` by the integers of `engine`."""
    if engine.name != "integer":
        raise UserError(f"--engine {engine.name}", "gives no integers for a package", "measure with --engine integer")
    centred, owners = held_out_people(dataset, engine)
    return measure_visits(centred, owners, engine.score.distances, seed=seed)


def genuine_at(statistics: VisitStatistics) -> dict[int, dict[str, float]]:
    """Return {photos: {"0.001": share of genuine visits accepted at that rate for one enrolled person}}.

    Rates below 10 / trials are left out, and so are numbers of photos without genuine trials.
    """
    rows = [row for row in range(len(statistics.photos)) if statistics.genuine.trials[row]]
    return {statistics.photos[row]: _row_at(statistics, row) for row in rows}


def _row_at(statistics: VisitStatistics, row: int) -> dict[str, float]:
    strangers, genuine = statistics.strangers.share()[row], statistics.genuine.share()[row]
    told = [rate for rate in RATES if supported(rate, int(statistics.strangers.trials[row]))]
    return {f"{rate:g}": float(genuine[np.flatnonzero(strangers <= rate)[-1]]) for rate in told}


def to_json(statistics: VisitStatistics, engine: Engine) -> dict[str, Any]:
    """Return the figures and what they were measured with; the full counts lie in the package."""
    return {
        "network": engine.network,
        "model_id": engine.model_id,
        "engine": engine.name,
        "score": engine.score.name,
        "people": int(statistics.strangers.people[0]),
        "stranger_trials": dict(zip(map(str, statistics.photos), statistics.strangers.trials.tolist(), strict=True)),
        "genuine_trials": dict(zip(map(str, statistics.photos), statistics.genuine.trials.tolist(), strict=True)),
        "genuine_at_rate": {str(n): rates for n, rates in genuine_at(statistics).items()},
    }
