"""Schedule files: a run written down as TOML, the fields of `TrainConfig` by name.

```toml
net = "facenet"
epochs = 100
rate = 2e-3
[losses.cosine]
weight = 1
[losses.similarity]
weight = [[0, 0], [0.1, 2]]   # from 0 to 2 in the first tenth of the run
[augmentation]
rotation = 10
[quantisation]                 # for `microface quantize`
method = "qat"
```
"""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from microface.errors import UserError
from microface.files import read_bytes
from microface.learn.train.config import Augmentation, TrainConfig, from_values

SHIPPED = Path(__file__).parents[1] / "schedules"


def shipped() -> tuple[str, ...]:
    """Return the names of the schedules that come with the package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def read_schedule(name: str) -> dict[str, Any]:
    """Return the values in the schedule `name`: one of `shipped()`, or a path to a TOML file.

    A value that is no field of a run is a `UserError`.
    """
    path = SHIPPED / f"{name}.toml" if name in shipped() else Path(name)
    if not path.is_file():
        raise UserError(name, "is no schedule", f"give a TOML file or one of {', '.join(shipped())}")
    try:
        values = tomllib.loads(read_bytes(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(path, f"is not a TOML file ({error})", "mend that line") from error
    _require_known(path, values, {f.name for f in fields(TrainConfig)})
    _require_known(path, values.get("augmentation", {}), {f.name for f in fields(Augmentation)})
    return values


def config_of(schedule: str, given: dict[str, Any]) -> TrainConfig:
    """Return the config of `schedule` (empty: none) with the values of `given` in their place where they are set."""
    values = read_schedule(schedule) if schedule else {}
    chosen = {name: value for name, value in given.items() if value not in (None, {}, "")}
    if "epochs" in chosen or "minutes" in chosen:  # the length that is given replaces the other kind too
        values = {name: value for name, value in values.items() if name not in ("epochs", "minutes")}
    options = values.get("options", {}) | chosen.pop("options", {})
    try:
        return from_values({"net": "facenet", **values, **chosen, "options": options})
    except (TypeError, ValueError) as error:
        raise UserError(schedule or "settings", f"cannot be used ({error})", "see docs/train-your-own.md") from error


def _require_known(path: Path, values: dict[str, Any], known: set[str]) -> None:
    for name in values:
        if name not in known:
            raise UserError(path, f"holds {name!r}, which is nothing of a run", f"use {', '.join(sorted(known))}")
