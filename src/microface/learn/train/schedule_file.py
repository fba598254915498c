"""Schedule files: a run written down as TOML, the fields of `TrainConfig` by name.

```toml
net = "facenet"
epochs = 100
rate = 2e-3
[losses]
cosine = 1
[losses.similarity]
weight = [[0, 0], [0.1, 2]]   # from 0 to 2 in the first tenth of the run
[augmentation]
rotation = 10
[quantisation]                 # for `microface quantize`
method = "qat"
```
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from microface.errors import UserError
from microface.files import read_toml
from microface.learn.checked import checked
from microface.learn.quant.options import QuantiseOptions
from microface.learn.train.config import TrainConfig, from_values
from microface.learn.train.losses import kind_of

SEVERAL = 4
"""Photos of a person that stand together in a batch where a loss compares them."""
SHIPPED = Path(__file__).parents[1] / "schedules"


def shipped() -> tuple[str, ...]:
    """Return the names of the schedules that come with the package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def read_schedule(name: str) -> dict[str, Any]:
    """Return the values in the schedule `name`: one of `shipped()`, or a path to a TOML file.

    A value that no run can have is a `UserError`.
    """
    path = SHIPPED / f"{name}.toml" if name in shipped() else Path(name)
    if not path.is_file():
        raise UserError(name, "is no schedule", f"give a TOML file or one of {', '.join(shipped())}")
    values = read_toml(path)
    _require_possible(path, values)
    return values


def _require_possible(path: Path, values: dict[str, Any]) -> None:
    """Refuse values that no run can have, whatever data set, length and teacher the command line adds."""
    length = {} if {"epochs", "minutes"} & values.keys() else {"epochs": 1}
    chosen = from_values({"data": "-", "net": "-", **length, **values, "teacher": values.get("teacher") or "-"}, path)
    checked(QuantiseOptions, chosen.quantisation, f"{path}, quantisation")


def config_of(schedule: str, given: dict[str, Any]) -> TrainConfig:
    """Return the config of `schedule` (empty: none) with the values of `given` in their place where they are set."""
    values = read_schedule(schedule) if schedule else {}
    chosen = {name: value for name, value in given.items() if value not in (None, {}, "")}
    if "epochs" in chosen or "minutes" in chosen:  # the length that is given replaces the other kind too
        values = {name: value for name, value in values.items() if name not in ("epochs", "minutes")}
    options = values.get("options", {}) | chosen.pop("options", {})
    merged = {"net": "facenet", **values, **chosen, "options": options}
    return _with_people(from_values(merged), "per_person" in merged)


def _with_people(config: TrainConfig, told: bool) -> TrainConfig:
    """Return `config` with several photos of a person in a batch where a loss compares them and nothing is `told`."""
    several = any(kind_of(name).several for name in config.terms)
    return replace(config, per_person=SEVERAL) if several and not told else config
