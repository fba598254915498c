"""Bias memory: four of 512 bytes; one layer's biases lie in one of them, the largest placed first."""

from collections.abc import Sequence
from dataclasses import dataclass

from microface.chip.plan.max78000.lanes import Lanes
from microface.chip.plan.max78000.workload import HardwareLayer, passes

MEMORIES = 4


@dataclass(frozen=True)
class BiasPlace:
    """`bytes` from `offset` of bias memory `group`."""

    group: int
    offset: int
    bytes: int


def bias_bytes(layer: HardwareLayer, output: Lanes, streaming_first: bool) -> int:
    """Return what the biases of `layer` take, 0 without; the first layer takes one byte more when it streams."""
    if not layer.biased:
        return 0
    return layer.result[2] + output.first % 4 * passes(layer.result[2]) + int(streaming_first)


def place_biases(sizes: Sequence[int], capacity: int) -> list[BiasPlace | None] | None:
    """Return each layer's place (None where it needs none), or None where four memories do not hold them."""
    free = [0] * MEMORIES
    places: list[BiasPlace | None] = [None] * len(sizes)
    for i in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        if not sizes[i]:
            continue
        group = next((g for g in range(MEMORIES) if free[g] + sizes[i] <= capacity), None)
        if group is None:
            return None
        places[i] = BiasPlace(group, free[group], sizes[i])
        free[group] += sizes[i]
    return places
