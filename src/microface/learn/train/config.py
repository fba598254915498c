"""What a training run is made of: one frozen record, saved as `config.json` in the run's folder."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from microface import files
from microface.errors import DamagedFileError, UserError


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes to a crop; the teacher's embedding of the unchanged crop stays the target."""

    rotation: float = 7.0
    """Largest roll in degrees."""
    scale: float = 0.06
    """Largest change of size, as a fraction."""
    shift: float = 0.04
    """Largest shift, as a fraction of the side."""
    gain: float = 0.25
    """Largest change of contrast, as a fraction."""
    offset: float = 25.0
    """Largest change of brightness, in levels of 0..255."""
    grey: float = 0.1
    """Share of crops made grey."""
    soften: float = 0.1
    """Share of crops made smaller by up to 2.5 times and enlarged again."""

    def scaled(self, strength: float) -> "Augmentation":
        """Return the augmentation with every range and share multiplied by `strength`."""
        return Augmentation(*(getattr(self, f.name) * strength for f in fields(self)))


@dataclass(frozen=True)
class TrainConfig:
    """One run. Either `epochs` or `minutes` says how long; with `minutes` the schedule follows the clock,

    so such a run resumes, but two of them do not give the same file (those by `epochs` do).
    """

    data: str
    net: str
    options: dict[str, Any] = field(default_factory=dict)
    init: str = ""
    """Checkpoint of another run whose averaged weights this one begins with."""
    epochs: float = 0.0
    minutes: float = 0.0
    batch: int = 64
    rate: float = 2.5e-3
    weight_decay: float = 0.02
    warm_up: float = 0.02
    """Share of the run in which the rate rises from 0."""
    relation: float = 0.2
    """Weight of the cross-entropy of similarities."""
    temperature: float = 0.07
    averaging: float = 0.999
    """Share of the old value that an averaged weight keeps per step."""
    sizes: tuple[tuple[float, float], ...] = ((0.0, 2 / 3), (0.35, 5 / 6), (0.6, 1.0))
    """Growing resolution: (from this share of the run on, share of the network's resolution)."""
    settle: tuple[float, float] = (0.85, 0.4)
    """Towards the faces that are met in use: from this share of the run on, augmentation is multiplied by that."""
    checks: int = 12
    """How often the held-out people are measured during the run."""
    seed: int = 1
    threads: int = 2
    augmentation: Augmentation = Augmentation()

    def __post_init__(self) -> None:
        """Refuse values that no run can have."""
        if (self.epochs > 0) == (self.minutes > 0):
            raise UserError("length of the run", "is not clear", "give either --epochs or --minutes, above 0")
        if self.batch < 2 or self.rate <= 0 or self.threads < 1:
            raise UserError("batch, rate or threads", "is too small", "use a batch of 2 or more, a rate above 0")


def save_config(config: TrainConfig, path: Path) -> None:
    """Write `config` as JSON to `path`."""
    files.write_json(path, asdict(config))


def load_config(path: Path) -> TrainConfig:
    """Read the config at `path`; a damaged or foreign one is a `DamagedFileError`."""
    try:
        content = json.loads(files.read_bytes(path))
        content["augmentation"] = Augmentation(**content["augmentation"])
        content["sizes"] = tuple(tuple(pair) for pair in content["sizes"])
        content["settle"] = tuple(content["settle"])
        return TrainConfig(**{f.name: content[f.name] for f in fields(TrainConfig) if f.name in content})
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(path, f"is not the config of a run ({error})", "start the run anew") from error
