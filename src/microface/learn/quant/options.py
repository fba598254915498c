"""What `microface quantize` may be told, by its command line or by a schedule's [quantisation]."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict

from microface.errors import UserError
from microface.learn.checked import checked
from microface.learn.quant.graph import Rounding
from microface.learn.train.config import load_config
from microface.learn.train.ranges import Above0, Count, FromOne
from microface.models.package import Score

AUTO = "auto"
RATE_SHARE = 1 / 20
"""Quantisation-aware training starts at this share of the float run's learning rate."""


def _listed(value: Any) -> Any:
    """Return the texts of a list, or of one value alone: a schedule may say `bits = 4`."""
    return [str(each) for each in (value if isinstance(value, list | tuple) else [value])]


Bits = Annotated[tuple[str, ...], BeforeValidator(_listed)]


@dataclass(frozen=True)
class QuantiseOptions:
    """How to quantise.

    `method`: calibrate only, train with rounding, too, or do both and keep what does better on held-out people.
    `calibration` by `photos` photos. `steps` of quantisation-aware training (0: 9 % of the run's) at `rate_share` of
    the run's rate. `size`: values of the whitened embedding; 0 keeps the embedding as it was trained. `bits`,
    `budget`, `target`: see `quant.bits`. `scale`: the `stretch` of `largest_steps`. `mend`: biases corrected;
    `equalise`: channels made alike. `rounding`: that of our own kernels, or of TFLite's. `data`: the folder of the
    run's data set, where it was moved.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    method: Literal["ptq", "qat", "best"] = "best"
    calibration: Literal["minmax", "percentile", "mse"] = "mse"
    photos: FromOne = 512
    steps: Count = 0
    score: Score = "cosine"
    size: Count = 256
    bits: Bits = ()
    budget: str = ""
    target: str = "stm32h743zi"
    scale: Above0 = 1.0
    mend: bool = True
    equalise: bool = True
    rounding: Rounding = "once"
    later_first: bool = False
    rate_share: Above0 = RATE_SHARE
    data: str = ""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    resume: bool = False
    report: bool = False


def options_from(run: Path, told: Mapping[str, Any]) -> QuantiseOptions:
    """Return the options that are `told`, the others as the run's config has them (its schedule's [quantisation]).

    One that is not known or out of its range is a `UserError`.
    """
    checked(QuantiseOptions, told)  # what is told wrongly is said before any file is read
    path = run / "config.json"
    planned = load_config(path).quantisation
    checked(QuantiseOptions, planned, f"{path}, quantisation")
    options = checked(QuantiseOptions, {**planned, **told})
    if AUTO in options.bits and not options.budget:
        raise UserError("--bits auto", "does not say how small the network shall be", "add --budget 65%, or so")
    return options
