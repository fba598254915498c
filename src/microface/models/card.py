"""The model card: what a network was made from, what it may be used for, and what was measured of it."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self


@dataclass(frozen=True)
class Measurement:
    """One figure: `value` of `metric` (fractions 0..1) on `data`, by `engine`, as `command` repeats it."""

    metric: str
    value: float
    std_error: float | None
    data: str
    engine: str
    command: str


@dataclass(frozen=True)
class ModelCard:
    """What people must know before they use a model. All texts are plain sentences."""

    summary: str
    training_data: str
    teacher: str
    licence: str
    limits: str
    measurements: tuple[Measurement, ...] = ()

    def measured(self, *figures: Measurement) -> "ModelCard":
        """Return the card with `figures` in the place of older ones of the same metric, data and engine."""
        new = {(f.metric, f.data, f.engine): f for f in (*self.measurements, *figures)}
        return replace(self, measurements=tuple(new.values()))

    def find(self, metric: str, engine: str = "integer") -> Measurement | None:
        """Return the first figure of `metric` by `engine`, or None where it was never measured."""
        return next((m for m in self.measurements if (m.metric, m.engine) == (metric, engine)), None)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` gave."""
        figures = tuple(Measurement(**entry) for entry in value["measurements"])
        return cls(**{**value, "measurements": figures})
