"""What a run is made of: one frozen record, read from a schedule file and saved in the run's folder."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ConfigDict

from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes, read_toml, write_json
from microface.learn.checked import checked
from microface.learn.train.config import Augmentation
from microface.learn.train.ranges import Above0, From0, FromOne, Seed, Share, ShareBelow1, Two

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

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    data: str
    net: str
    options: dict[str, Any] = field(default_factory=dict)
    bits: tuple[str, ...] = ()
    batch: Two = 32
    rate: Above0 = 1e-3
    weight_decay: From0 = 1e-4
    rate_share: Above0 = 0.1
    patience: FromOne = 4
    epochs: FromOne = 60
    rounded_epochs: FromOne = 30
    average: ShareBelow1 = 0.0
    teachers: tuple[str, ...] = ()
    teacher_share: Share = 0.5
    temperature: Above0 = 2.0
    seed: Seed = 1
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse changes to windows that only the device pipeline makes."""
        if self.augmentation.on_device_only:
            raise UserError(f"augmentation {self.augmentation.on_device_only[0]}", "is not made here", "leave it out")


def read_config(schedule: Path, given: dict[str, Any]) -> PresenceConfig:
    """Return the config of the TOML file `schedule` with what is `given` in its place; unknown names are told."""
    return checked(PresenceConfig, {**read_toml(schedule), **given}, schedule)


def save_config(config: PresenceConfig, path: Path) -> None:
    """Write `config` as JSON."""
    write_json(path, asdict(config))


def load_config(path: Path) -> PresenceConfig:
    """Read the config at `path`; a damaged one is a `DamagedFileError`."""
    try:
        return checked(PresenceConfig, json.loads(read_bytes(path)), path)
    except ValueError as error:
        raise DamagedFileError(path, f"is not the config of a run ({error})", "start the run anew") from error
