"""What a run is made of: one frozen record, read from a schedule file and saved in the run's folder."""

import json
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes, write_json
from microface.learn.train.config import Augmentation

SCHEDULE = Path(__file__).with_name("schedule.toml")
"""The schedule that comes with the package."""


@dataclass(frozen=True)
class PresenceConfig:
    """One run on the windows in `data`: the network `net` with its `options`, `bits` of weights as the command line.

    Either phase ends after `patience` epochs without a lower loss on the validation pictures, or after `epochs` or
    `rounded_epochs`; the second one has `rate_share` of the `rate`. Weights are averaged with `average` kept of the
    old ones a step (0: not averaged). `teachers` are folders of finished runs: their opinions, both at `temperature`,
    make up `teacher_share` of the loss.
    """

    data: str
    net: str
    options: dict[str, Any] = field(default_factory=dict)
    bits: tuple[str, ...] = ()
    batch: int = 32
    rate: float = 1e-3
    weight_decay: float = 1e-4
    rate_share: float = 0.1
    patience: int = 4
    epochs: int = 60
    rounded_epochs: int = 30
    average: float = 0.0
    teachers: tuple[str, ...] = ()
    teacher_share: float = 0.5
    temperature: float = 2.0
    seed: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse values that no run can have."""
        if self.batch < 2 or self.rate <= 0 or self.patience < 1 or self.epochs < 1 or self.rounded_epochs < 1:
            raise UserError("batch, rate, patience or epochs", "is too small", "use 1 or more, a batch of 2 or more")
        if not (0 <= self.average < 1 and 0 <= self.teacher_share <= 1 and self.temperature > 0):
            raise UserError("average, teacher_share or temperature", "is out of range", "use 0 to 1, above 0 the last")
        if self.augmentation.on_device_only:
            raise UserError(f"augmentation {self.augmentation.on_device_only[0]}", "is not made here", "leave it out")


def read_config(schedule: Path, given: dict[str, Any]) -> PresenceConfig:
    """Return the config of the TOML file `schedule` with what is `given` in its place; unknown names are told."""
    try:
        values = tomllib.loads(read_bytes(schedule).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(schedule, f"is not a TOML file ({error})", "mend that line") from error
    return _config({**values, **given}, schedule)


def _config(values: dict[str, Any], path: Path) -> PresenceConfig:
    known = {each.name for each in fields(PresenceConfig)}
    if unknown := sorted(values.keys() - known):
        raise UserError(path, f"holds {unknown[0]!r}, which is nothing of a run", f"use {', '.join(sorted(known))}")
    try:
        augmentation = Augmentation(**values.get("augmentation", {}))
        several = {name: tuple(values.get(name, ())) for name in ("bits", "teachers")}
        return PresenceConfig(**{**values, "augmentation": augmentation, **several})
    except (TypeError, ValueError) as error:
        raise UserError(path, f"cannot be used ({error})", "see docs/face-or-no-face.md") from error


def save_config(config: PresenceConfig, path: Path) -> None:
    """Write `config` as JSON."""
    write_json(path, asdict(config))


def load_config(path: Path) -> PresenceConfig:
    """Read the config at `path`; a damaged one is a `DamagedFileError`."""
    try:
        return _config(json.loads(read_bytes(path)), path)
    except ValueError as error:
        raise DamagedFileError(path, f"is not the config of a run ({error})", "start the run anew") from error
