"""Ranges of activations on representative crops, and the scales and zero points that follow from them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

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


@dataclass
class Seen:
    """What calibration has seen of one value: extremes and a sample."""

    low: float
    high: float
    sample: np.ndarray


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
    if name not in seen:
        seen[name] = Seen(float(value.min()), float(value.max()), sample)
        return
    old = seen[name]
    kept = np.concatenate([old.sample, sample])[-_KEPT:]
    seen[name] = Seen(min(old.low, float(value.min())), max(old.high, float(value.max())), kept)


def quantisations(graph: FloatGraph, seen: Mapping[str, Seen], method: str = "mse") -> dict[str, Affine]:
    """Return the quantisation of every value of `graph`; the embedding's zero point is 0."""
    if method not in METHODS:
        raise UserError(method, "is not a way to calibrate", f"choose one of {', '.join(METHODS)}")
    result = {FloatGraph.INPUT: Affine(INPUT_SCALE, 0)}
    for node in graph.nodes:
        make = Affine.symmetric if node is graph.output else Affine.covering
        result[node.name] = make(*METHODS[method](seen[node.name]))
    return result
