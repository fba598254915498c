"""ROC of several networks over all pairs of held-out people: float, calibrated and trained with rounding in one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from microface.errors import UserError
from microface.evaluate.engines import Engine
from microface.evaluate.visits import held_out_people
from microface.metrics.person_pairs import lowest_supported, split_pairs
from microface.metrics.roc import Roc, roc, tar_table
from microface.photos.dataset import Dataset

RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


@dataclass(frozen=True)
class Curve:
    """The ROC of one engine by its own score; `tar` are the true-accept rates at the `RATES` that pairs support."""

    network: str
    engine: str
    score: str
    genuine: int
    impostor: int
    tar: dict[str, float]
    roc: Roc

    @property
    def label(self) -> str:
        """What a picture calls it."""
        return f"{self.network}, {self.engine}"

    @property
    def lowest(self) -> float:
        """The lowest false-accept rate that the pairs support."""
        return lowest_supported(self.impostor)

    def to_json(self) -> dict[str, Any]:
        """Return the figures, without the curve."""
        names = ("network", "engine", "score", "genuine", "impostor", "tar", "lowest")
        return {name: getattr(self, name) for name in names}


def measure_curves(dataset: Dataset, engines: Iterable[Engine]) -> list[Curve]:
    """Return the curve of each engine over all pairs of photos of the held-out people of `dataset`."""
    return [_curve(dataset, engine) for engine in engines]


def _curve(dataset: Dataset, engine: Engine) -> Curve:
    centred, owners = held_out_people(dataset, engine)
    genuine, impostor = split_pairs(engine.score.distances(centred, centred), owners)
    if not len(genuine):
        raise UserError("held-out people", "have one photo each", "prepare data with people of several photos")
    found = tar_table(genuine, impostor, RATES)
    about = engine.network, engine.name, engine.score.name
    return Curve(*about, len(genuine), len(impostor), found, roc(genuine, impostor))
