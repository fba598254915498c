"""What a training run is made of: one frozen record, saved as `config.json` in the run's folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict

from microface import files
from microface.errors import DamagedFileError, UserError
from microface.learn.checked import checked
from microface.learn.train.ranges import (
    Above0,
    Angle,
    Count,
    Factors,
    From0,
    FromOne,
    Levels,
    Seed,
    Share,
    ShareBelow1,
    Sizes,
    Terms,
    Two,
)


@dataclass(frozen=True)
class Augmentation:
    """Ranges and shares of the random changes to a crop.

    The fields from `small` on are made by the device pipeline only; without a live teacher the target stays the
    teacher's embedding of the unchanged crop.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    rotation: Angle = 7.0
    """Largest roll in degrees."""
    scale: ShareBelow1 = 0.06
    """Largest change of size, as a fraction."""
    shift: Share = 0.04
    """Largest shift, as a fraction of the side."""
    gain: Share = 0.25
    """Largest change of contrast, as a fraction."""
    offset: Levels = 25.0
    """Largest change of brightness, in levels of 0..255."""
    grey: Share = 0.1
    """Share of crops made grey."""
    soften: Share = 0.1
    """Share of crops made smaller by up to 2.5 times and enlarged again."""
    mirror: Share = 0.5
    """Share of crops mirrored."""
    small: Share = 0.0
    """Share of crops brought to a side of 24 to 80 pixels and enlarged again."""
    blur: Share = 0.0
    """Share of crops blurred, by a Gaussian of 0.4 to 1.5 pixels."""
    jpeg: Share = 0.0
    """Share of crops coded as JPEG does, at qualities 15 to 70."""
    noise: Levels = 0.0
    """Largest deviation of the noise in levels; half of the crops get some."""
    gamma: From0 = 0.0
    """Largest change of the logarithm (base 2) of gamma."""
    occlusion: Share = 0.0
    """Share of crops with a covered rectangle."""
    mixup: Share = 0.0
    """Share of crops mixed with another one; the live teacher labels the mixture."""

    def scaled(self, strength: float) -> "Augmentation":
        """Return the augmentation with every range and share but `mirror` multiplied by `strength`."""
        scaled = {f.name: getattr(self, f.name) * strength for f in fields(self) if f.name != "mirror"}
        return replace(self, **scaled)

    @property
    def on_device_only(self) -> tuple[str, ...]:
        """The names of the changes in use that only the device pipeline makes."""
        names = [f.name for f in fields(self)]
        return tuple(name for name in names[names.index("small") :] if getattr(self, name) > 0)


@dataclass(frozen=True)
class TrainConfig:
    """One run. Either `epochs` or `minutes` says how long; with `minutes` the schedule follows the clock,

    so such a run resumes, but two of them do not give the same file (those by `epochs` do).
    """

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    data: str
    net: str
    options: dict[str, Any] = field(default_factory=dict)
    init: str = ""
    """Checkpoint of another run whose averaged weights this one begins with."""
    epochs: From0 = 0.0
    minutes: From0 = 0.0
    batch: Two = 64
    rate: Above0 = 2.5e-3
    weight_decay: From0 = 0.02
    warm_up: ShareBelow1 = 0.02
    """Share of the run in which the rate rises from 0."""
    relation: From0 = 0.2
    """Weight of the cross-entropy of similarities, where `losses` is empty."""
    temperature: Above0 = 0.07
    averaging: Share = 0.999
    """Share of the old value that an averaged weight keeps per step."""
    sizes: Sizes = ((0.0, 2 / 3), (0.35, 5 / 6), (0.6, 1.0))
    """Growing resolution: (from this share of the run on, share of the network's resolution)."""
    settle: tuple[Share, From0] = (0.85, 0.4)
    """Towards the faces that are met in use: from this share of the run on, augmentation is multiplied by that."""
    checks: FromOne = 12
    """How often the held-out people are measured during the run."""
    seed: Seed = 1
    threads: FromOne = 2
    augmentation: Augmentation = Augmentation()
    losses: Terms = field(default_factory=dict)
    """Losses by name: a weight, or options, of which `weight` is a number or a list of [share of the run, weight]

    (linear between). Empty: cosine, and relation with the weight and temperature above.
    """
    optimizer: Literal["adamw", "adam", "sgd", "muon"] = "adamw"
    rates: Factors = ()
    """Steps of the rate: (from this share of the run on, factor on `rate`); empty: half a cosine to 0."""
    clip: From0 = 0.0
    """Largest length of the gradient; 0: as it comes."""
    patience: Count = 0
    """End the run after so many checks without a better one; 0: never."""
    per_person: FromOne = 1
    """Photos of a person that stand together in a batch; `config_of` takes 4 for losses that compare them."""
    projection: Literal["svd", "trained"] = "svd"
    """How the teacher's embedding becomes as short as the network's: its leading directions, or trained on names."""
    teacher: str = ""
    """ONNX teacher that embeds every augmented view (device pipeline); empty: the stored embeddings."""
    pipeline: Literal["auto", "host", "device"] = "auto"
    """Who augments: `host` (OpenCV, photo by photo), `device` (torch, by batches); auto: device on a GPU."""
    precision: Literal["auto", "bf16", "float32"] = "auto"
    """In which the network is computed (losses and weights are float32); auto: bf16 on a GPU, float32 elsewhere."""
    quantisation: dict[str, Any] = field(default_factory=dict)
    """What `microface quantize` does with the run where its command line says nothing else."""

    def __post_init__(self) -> None:
        """Refuse values that do not go together; the range of each alone stands with it, see `from_values`."""
        if (self.epochs > 0) == (self.minutes > 0):
            raise UserError("length of the run", "is not clear", "give either --epochs or --minutes, above 0")
        if self.augmentation.mixup > 0 and not self.teacher:
            raise UserError("augmentation mixup", "needs a teacher that labels mixtures", "add --teacher FILE.onnx")

    @property
    def terms(self) -> dict[str, dict[str, Any]]:
        """The losses with their options, as given or the usual two."""
        usual = {"cosine": {"weight": 1.0}, "relation": {"weight": self.relation, "temperature": self.temperature}}
        return self.losses or usual


def save_config(config: TrainConfig, path: Path) -> None:
    """Write `config` as JSON to `path`."""
    files.write_json(path, asdict(config))


def load_config(path: Path) -> TrainConfig:
    """Read the config at `path`; a folder without one is a `UserError`, a damaged one a `DamagedFileError`."""
    if not path.exists():
        raise UserError(path.parent, "holds no run", "make one with `microface train`, or check the name")
    try:
        content = json.loads(files.read_bytes(path))
        return from_values({f.name: content[f.name] for f in fields(TrainConfig) if f.name in content})
    except (ValueError, AttributeError, UserError) as error:
        raise DamagedFileError(path, f"is not the config of a run ({error})", "start the run anew") from error


def config_of_run(run: Path, data: str = "") -> TrainConfig:
    """Return the config of the run in the folder `run`, with `data` as its data set's folder where that is told."""
    config = load_config(run / "config.json")
    return replace(config, data=data or config.data)


def from_values(values: Mapping[str, Any], source: object = "") -> TrainConfig:
    """Return the config of plain `values` (from JSON or TOML, in the file `source`).

    Nested tables and lists become what they stand for. A wrong one is a `UserError` that names the setting.
    """
    return checked(TrainConfig, values, source)
