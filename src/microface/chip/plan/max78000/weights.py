"""Weight memory: 768 columns of 72 bits in each of 64 processors, and where each layer's columns begin.

The allocation is the one that the vendor's synthesizer makes, so that both agree word for word: layers on all 64
processors first, then the rest in order, each at the lowest multiple of 4 where all its processors are free.
"""

from collections.abc import Sequence

from microface.chip.plan.max78000.lanes import PER_INSTANCE, Lanes
from microface.chip.plan.max78000.workload import PROCESSORS, HardwareLayer, passes

COLUMN_BITS = 72
START_ALIGNMENT = 4


def columns(layer: HardwareLayer, output: Lanes) -> int:
    """Return the 72-bit words that `layer` takes in each processor of its input, 0 without weights."""
    if not layer.convolves:
        return 0
    rounds = passes(layer.source[2]) * passes(layer.result[2])
    first = output.first // 4 * 4 if layer.result[2] > 64 else output.first
    kernels, taps = (output.last - first + 1) * rounds, layer.taps
    if layer.flatten:
        kernels, taps = layer.result[2] * passes(layer.source[2]) * layer.taps, 1
    return packed_columns(kernels, taps, layer.bits)


def lead(layer: HardwareLayer, output: Lanes) -> int:
    """Return the columns in front of the weights of `layer`, for processors of a data memory that it does not write.

    The hardware counts outputs from the first processor of a data memory; so far only for `starts_anywhere`.
    """
    return output.first % PER_INSTANCE * passes(layer.source[2]) if starts_anywhere(layer) else 0


def starts_anywhere(layer: HardwareLayer) -> bool:
    """Tell whether the outputs of `layer` may begin inside a data memory, at the price of whole columns.

    The vendor's tool warns of it below 8 bits; nine weights fill a column, so only 3x3 kernels begin at one.
    """
    return layer.kernel == (3, 3) and layer.bits == 8 and layer.result[2] <= PROCESSORS and not layer.flatten


def packed_columns(kernels: int, taps: int, bits: int) -> int:
    """Return the words of `kernels` with `taps` weights of `bits`; kernels of one byte are stored together."""
    together = 8 // bits
    used = kernels * taps * bits + (kernels % together) * taps * (together - 1)
    return -(-used // COLUMN_BITS)


def aligned(count: int) -> int:
    """Return the columns that are lost to other layers where one takes `count`."""
    return -(-count // START_ALIGNMENT) * START_ALIGNMENT


def first_fit(masks: Sequence[int], sizes: Sequence[int], limit: int) -> list[int | None]:
    """Return each layer's first column for its processors `masks` and columns `sizes`; None where nothing is free."""
    order = sorted(range(len(masks)), key=lambda i: (masks[i].bit_count() != 64, i))
    starts: list[int | None] = [None] * len(masks)
    used = [0] * 64
    for i in order:
        starts[i] = _claim(used, masks[i], -(-sizes[i] // START_ALIGNMENT), limit // START_ALIGNMENT)
    return starts


def _claim(used: list[int], mask: int, units: int, limit: int) -> int | None:
    """Mark `units` groups of 4 columns in the processors of `mask` as used; return the first column."""
    lanes = [p for p in range(64) if mask >> p & 1]
    taken = 0
    for p in lanes:
        taken |= used[p]
    start = _gap(taken, units, limit)
    if start is None:
        return None
    for p in lanes:
        used[p] |= ((1 << units) - 1) << start
    return start * START_ALIGNMENT


def _gap(taken: int, units: int, limit: int) -> int | None:
    start = 0
    while start + units <= limit:
        blocked = taken >> start & ((1 << units) - 1)
        if not blocked:
            return start
        start += blocked.bit_length()
    return None
