"""The model card: what a network was made from, what it may be used for, and what was measured of it."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self


def held_out_metric(rate: str) -> str:
    """Return the name of the true-accept rate over all pairs of held-out people, at the false-accept rate `rate`."""
    return f"held-out TAR at FAR {rate}"


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
class Cost:
    """What one inference costs on `target`; sizes in bytes, flash without the people's gallery.

    `counted`: instructions are counted on the emulated chip and sizes measured in the ELF file, else the plan's
    estimate. `milliseconds` (low, high) is an estimate always. Where a chip's accelerator runs the network,
    `accelerator` is its part of them, by its cycles, and `instructions` are the processor's, which feeds it.
    `command` repeats the figures.
    """

    target: str
    instructions: int
    milliseconds: tuple[float, float]
    flash_bytes: int
    arena_bytes: int
    stack_bytes: int
    counted: bool
    command: str
    accelerator: tuple[float, float] | None = None


@dataclass(frozen=True)
class ModelCard:
    """What people must know before they use a model. All texts are plain sentences."""

    summary: str
    training_data: str
    teacher: str
    licence: str
    limits: str
    measurements: tuple[Measurement, ...] = ()
    costs: tuple[Cost, ...] = ()

    def measured(self, *figures: Measurement) -> "ModelCard":
        """Return the card with `figures` in the place of older ones of the same metric, data and engine.

        What follows a comma in a metric's name says on which crop, as the data do.
        """
        new = {(f.metric.partition(",")[0], f.data, f.engine): f for f in (*self.measurements, *figures)}
        return replace(self, measurements=tuple(new.values()))

    def costing(self, *costs: Cost) -> "ModelCard":
        """Return the card with `costs` in the place of older ones of the same target."""
        new = {each.target: each for each in (*self.costs, *costs)}
        return replace(self, costs=tuple(new.values()))

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
        costs = tuple(_cost(entry) for entry in value.get("costs", ()))
        return cls(**{**value, "measurements": figures, "costs": costs})


def _cost(value: dict[str, Any]) -> Cost:
    low, high = value["milliseconds"]
    own = value.get("accelerator")
    return Cost(**{**value, "milliseconds": (low, high), "accelerator": (own[0], own[1]) if own else None})
