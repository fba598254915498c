"""Time per layer in two models.

`hardware`: the accelerator's own cycles in closed form: per pixel the reads of the pool, one write, then one output
channel a cycle, and the borders; boards agree within 1 %. Layers that stream take 1.0 to 1.5 times that.
`deck`: one kernel position per processor and cycle plus one cycle per comparison and processor, as the published
tables of the face / no-face networks have it; boards differ from it by up to 63 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from microface.chip.plan.max78000.ops_summary import ops_of
from microface.chip.plan.max78000.plan import PlacedLayer
from microface.chip.plan.max78000.rules import limit
from microface.chip.plan.max78000.workload import HardwareLayer, passes, processors_for
from microface.chip.targets import Target

Model = Literal["hardware", "deck"]
START_CYCLES = 1
STREAMING_FACTOR = 1.5
_LONG_FLATTEN = 17


@dataclass(frozen=True)
class LayerTime:
    """Cycles (low, high) of one layer; equal but for layers that stream."""

    name: str
    low: float
    high: float


def microseconds(cycles: float, target: Target) -> float:
    """Return what `cycles` of the accelerator of `target` take."""
    return 1e6 * cycles / limit(target, "accelerator_clock_hz")


def hardware_cycles(layer: HardwareLayer) -> int:
    """Return the accelerator's cycles for a layer that does not stream.

    Measured for linear layers, passthrough and 2-D convolutions with padding 0 or 1; padding 2, 1-D and transposed
    ones follow the same meaning.
    """
    if not layer.convolves:
        return _passthrough(layer)
    if layer.kernel == (1, 1) or layer.operation == "linear":
        return _pointwise(layer)
    return _padded(layer) if any(layer.padding) or layer.operation == "convtranspose2d" else _unpadded(layer)


def _written(layer: HardwareLayer) -> int:
    """Return the channels that are computed: those that only fill up a round of processors cost time too."""
    return processors_for(layer.result[2]) * passes(layer.result[2])


def _reads(layer: HardwareLayer) -> int:
    return layer.pool_area * len(layer.inputs)


def _passthrough(layer: HardwareLayer) -> int:
    rows, columns, channels = layer.result
    rounds = passes(channels)
    if layer.pool != "none":
        rounds = 2 * rounds - 1
    return rows * columns * rounds * (_reads(layer) + 1 + 1)


def _single(layer: HardwareLayer) -> bool:
    return layer.result[2] == 1 and passes(layer.source[2]) == 1


def _pointwise(layer: HardwareLayer) -> int:
    rows, columns, channels = layer.pooled
    positions = rows * columns * passes(channels)
    extra = int(layer.flatten and positions >= _LONG_FLATTEN) + (rows if _single(layer) else 0)
    return positions * (_written(layer) + _reads(layer) + 1) + extra


def _padded(layer: HardwareLayer) -> int:
    rows, columns, channels = layer.pooled
    rounds, (out_rows, out_columns, _) = passes(channels), layer.result
    positions = rows * columns if layer.operation != "convtranspose2d" else out_rows * out_columns
    inside = positions * rounds * (_reads(layer) + 1) + out_rows * out_columns * rounds * _written(layer)
    border = (rows + 2 * layer.padding[0]) * (columns + 2 * layer.padding[1]) - rows * columns
    return inside + (2 * rounds + 1) * border + (rows if _single(layer) else 0)


def _unpadded(layer: HardwareLayer) -> int:
    rows, columns, channels = layer.pooled
    rounds, (out_rows, out_columns, _) = passes(channels), layer.result
    border = 0 if layer.sequence else 2 * columns + 2 * (rows - 2)
    inside = rows * columns * rounds * (_reads(layer) + 1) + out_rows * out_columns * rounds * _written(layer)
    return inside + border + (out_rows if _single(layer) else 0)


def deck_cycles(layer: HardwareLayer) -> float:
    """Return the cycles of the published tables: (macc / taps + comparisons and additions) / processors."""
    ops = ops_of(layer)
    taps = 1 if layer.operation == "linear" else layer.taps
    return (ops.macc / taps + ops.comp + ops.add) / processors_for(layer.source[2])


def layer_times(layers: Sequence[PlacedLayer], model: Model = "hardware") -> tuple[LayerTime, ...]:
    """Return the cycles of each layer by `model`."""
    return tuple(_time(each, model) for each in layers)


def _time(placed: PlacedLayer, model: Model) -> LayerTime:
    layer = placed.layer
    if model == "deck":
        return LayerTime(layer.name, deck_cycles(layer), deck_cycles(layer))
    low = hardware_cycles(layer)
    return LayerTime(layer.name, low, math.ceil(low * STREAMING_FACTOR) if placed.streaming else low)


def total_cycles(times: Sequence[LayerTime], model: Model = "hardware") -> tuple[float, float]:
    """Return the cycles (low, high) of a whole inference."""
    start = START_CYCLES if model == "hardware" else 0
    return sum(time.low for time in times) + start, sum(time.high for time in times) + start
