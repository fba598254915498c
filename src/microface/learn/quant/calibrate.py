"""Ranges of activations on representative crops, and the scales and zero points that follow from them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from microface.errors import UserError
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import FloatGraph

INPUT_SCALE = 1 / 128
"""Crops become s8 by byte - 128, which stands for (byte - 128) / 128."""
_KEPT = 200_000
_SHRINKS = np.linspace(1.0, 0.4, 61)


@dataclass(frozen=True)
class Affine:
    """Real value = scale * (integer - zero_point), integers -128..127."""

    scale: float
    zero_point: int

    @classmethod
    def covering(cls, low: float, high: float) -> "Affine":
        """Return the quantisation whose integers -128..127 reach from `low` to `high`, both widened to hold 0."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = max(high - low, 1e-6) / 255
        return cls(scale, int(np.clip(np.floor(-128 - low / scale + 0.5), -128, 127)))

    @classmethod
    def symmetric(cls, low: float, high: float) -> "Affine":
        """Return the quantisation with zero point 0 that reaches to both `low` and `high`."""
        return cls(max(-low, high, 1e-6) / 127, 0)

    def rounded(self, values: np.ndarray) -> np.ndarray:
        """Return `values` after the way to integers and back."""
        integers = np.clip(np.rint(values / self.scale) + self.zero_point, -128, 127)
        return (integers - self.zero_point) * self.scale


Quantisable = tuple[FloatGraph, dict[str, Affine]]
"""A float graph and the quantisation of its values: what `lower` and `simulate` take."""


@dataclass
class Seen:
    """What calibration has seen of one value: extremes, a sample, and how far each channel reaches (float [C])."""

    low: float
    high: float
    sample: np.ndarray
    reach: np.ndarray | None = None


def minmax(seen: Seen) -> tuple[float, float]:
    """Return the extremes."""
    return seen.low, seen.high


def percentile(seen: Seen) -> tuple[float, float]:
    """Return the range that holds all but one in 10,000 at either end."""
    low, high = np.quantile(seen.sample, (1e-4, 1 - 1e-4))
    return float(low), float(high)


def least_squares(seen: Seen) -> tuple[float, float]:
    """Return the shrunk range whose rounding and cutting have the least mean squared error."""
    costs = [np.square(Affine.covering(seen.low * s, seen.high * s).rounded(seen.sample) - seen.sample).mean()
             for s in _SHRINKS]  # fmt: skip
    best = float(_SHRINKS[int(np.argmin(costs))])
    return seen.low * best, seen.high * best


METHODS: dict[str, Callable[[Seen], tuple[float, float]]] = {
    "minmax": minmax,
    "percentile": percentile,
    "mse": least_squares,
}


def observe(graph: FloatGraph, batches: Iterable[Tensor]) -> dict[str, Seen]:
    """Run `graph` over `batches` [N, 3, H, W]; return what was seen of every value but the input."""
    seen: dict[str, Seen] = {}
    random = np.random.default_rng(0)

    def look(name: str, value: Tensor) -> Tensor:
        if name != FloatGraph.INPUT:
            _take(seen, name, value.numpy(), random)
        return value

    with torch.inference_mode():
        for batch in batches:
            execute(graph, batch, weights_of(graph), look)
    if not seen:
        raise UserError("calibration", "got no crops", "give a data set with photos to train on")
    return seen


def _take(seen: dict[str, Seen], name: str, value: np.ndarray, random: np.random.Generator) -> None:
    sample = random.choice(value.reshape(-1), min(value.size, _KEPT // 8), replace=False)
    reach = np.abs(value).max(axis=(0, *range(2, value.ndim)))
    now = Seen(float(value.min()), float(value.max()), sample, reach)
    if name in seen:
        old = seen[name]
        now = replace(merged([old, now]), reach=np.maximum(reach, reach if old.reach is None else old.reach))
        now = replace(now, sample=now.sample[-_KEPT:])
    seen[name] = now


def quantisations(graph: FloatGraph, seen: Mapping[str, Seen], method: str = "mse") -> dict[str, Affine]:
    """Return the quantisation of every value of `graph` that is rounded; the embedding's zero point is 0.

    Values that share theirs (`FloatGraph.groups`) get the one that fits the values that are computed, all together.
    """
    if method not in METHODS:
        raise UserError(method, "is not a way to calibrate", f"choose one of {', '.join(METHODS)}")
    groups = graph.groups()
    result = {FloatGraph.INPUT: Affine(INPUT_SCALE, 0)}
    for first in dict.fromkeys(groups.values()):
        members = [name for name, owner in groups.items() if owner == first and name != FloatGraph.INPUT]
        make = Affine.symmetric if graph.output.name in members else Affine.covering
        if first != FloatGraph.INPUT:
            result[first] = make(*METHODS[method](merged([seen[name] for name in members])))
    return {name: result[first] for name, first in groups.items()}


def merged(several: Sequence[Seen]) -> Seen:
    """Return what was seen of `several` values together."""
    low, high = min(seen.low for seen in several), max(seen.high for seen in several)
    return Seen(low, high, np.concatenate([seen.sample for seen in several]))
