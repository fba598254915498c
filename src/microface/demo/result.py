"""What the demo found out, as plain data."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from microface.chip.firmware.folder import Firmware
from microface.chip.plan import Plan
from microface.chip.plan.max78000 import AcceleratorPlan
from microface.chip.plan.timing import milliseconds
from microface.demo.cast import Cast, Visit
from microface.models import ModelPackage
from microface.people.gallery import Gallery

UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Verdict:
    """The chip's answer to one visit.

    `person` is the name given, None for unknown; `nearest` and `distance` tell who came nearest; `photo` is the RGB
    picture. `refusal` says why no embedding was made of the photo (no face, several faces ...), else it is "".
    """

    visit: Visit
    photo: np.ndarray
    person: str | None
    nearest: str | None = None
    distance: int | None = None
    refusal: str = ""

    @property
    def right(self) -> bool:
        """Whether the answer is the person on the photo, or unknown for a stranger."""
        return self.person == self.visit.person and not self.refusal

    @property
    def answer(self) -> str:
        """The name, `unknown`, or why there is none."""
        return self.refusal or self.person or UNKNOWN


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs: instructions, counted, or cycles of an accelerator, by its model."""

    name: str
    cost: int


@dataclass(frozen=True, eq=False)
class DemoResult:
    """Everything that the demo prints and reports. Instructions are counted, milliseconds are an estimate.

    `accelerator` is the time (low, high) in microseconds that the accelerator takes for a face; None without one.
    """

    cast: Cast
    package: ModelPackage
    firmware: Firmware
    plan: Plan | AcceleratorPlan
    gallery: Gallery
    threshold_lines: tuple[str, ...]
    refused: dict[str, int]
    verdicts: tuple[Verdict, ...]
    layers: tuple[LayerCost, ...]
    instructions: int
    stack_bytes: int
    accelerator: tuple[float, float] | None = None

    def share(self, strangers: bool) -> tuple[int, int]:
        """Return (right, all) over the visits of strangers, or of enrolled people."""
        chosen = [v for v in self.verdicts if (v.visit.person is None) == strangers]
        return sum(v.right for v in chosen), len(chosen)

    @property
    def milliseconds(self) -> tuple[float, float]:
        """Estimated (low, high) milliseconds of one inference on the chip."""
        low, high = milliseconds(self.instructions, self.firmware.target)
        more = self.accelerator or (0.0, 0.0)
        return low + more[0] / 1000, high + more[1] / 1000

    def to_json(self) -> dict[str, Any]:
        """Return the figures: counts, bytes, fractions."""
        known, strangers = self.share(False), self.share(True)
        return {
            "people": len(self.gallery),
            "network": self.package.name,
            "model_id": self.package.model_id,
            "target": self.firmware.target.name,
            "threshold": self.gallery.threshold,
            "enrolled_named_right": known[0] / known[1] if known[1] else None,
            "strangers_unknown": strangers[0] / strangers[1] if strangers[1] else None,
            "visits": len(self.verdicts),
            "instructions": self.instructions,
            "estimated_milliseconds": list(self.milliseconds),
            "accelerator_microseconds": None if self.accelerator is None else list(self.accelerator),
            "flash_bytes": self.firmware.flash_bytes,
            "arena_bytes": self.firmware.arena_bytes,
            "stack_bytes": self.stack_bytes,
            "verdicts": [
                {
                    "photo": "/".join(v.visit.photo.parts[-2:]),
                    "truth": v.visit.person or UNKNOWN,
                    "answer": v.answer,
                    "distance": v.distance,
                    "right": v.right,
                }
                for v in self.verdicts
            ],
        }
