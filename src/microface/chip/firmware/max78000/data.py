"""Tensors as words of the data memories, and back: four processors share one memory, a byte each."""

import numpy as np

from microface.chip.plan.max78000.lanes import Lanes
from microface.chip.plan.max78000.plan import PlacedLayer
from microface.chip.plan.max78000.workload import passes

BASE, QUADRANT_STEP, INSTANCE_BYTES = 0x50400000, 0x400000, 0x8000
FIFO_STATUS, FIFO_DATA, FIFOS = 0x50000004, 0x50000008, 4
"""Bit i of the status says that FIFO i is full; its data register stands at FIFO_DATA + 4 i."""

Words = dict[int, tuple[int, int]]
"""Address to (mask, word): the bits in the mask belong to the tensor."""


def instance_address(instance: int) -> int:
    """Return where data memory `instance`, 0 to 15, begins."""
    return BASE + QUADRANT_STEP * (instance // 4) + INSTANCE_BYTES * (instance % 4)


def places(
    lanes: Lanes, shape: tuple[int, int, int], offset: int, operands: int = 1, planar: bool = False, wide: bool = False
) -> np.ndarray:
    """Return int64 [H, W, C]: the address of each value's first byte; four bytes of it where `wide`.

    `operands` tensors lie pixel by pixel beside each other; `planar` is the CHW order of an input.
    """
    height, width, channels = shape
    pixels = np.arange(height * width)[:, None]
    channel = np.arange(channels)[None, :]
    count = len(lanes.processors)
    processor = np.array(lanes.processors)[channel % count]
    base = np.array([instance_address(i) for i in range(16)])[processor // 4] + offset
    if planar:
        return (base + pixels).reshape(shape)
    position = pixels * operands * passes(channels) + channel // count
    if wide:
        return (base + 16 * position + 4 * (processor % 4)).reshape(shape)
    return (base + 4 * position + processor % 4).reshape(shape)


def input_places(placed: PlacedLayer) -> np.ndarray:
    """Return where the first operand of a layer lies."""
    operands = len(placed.layer.inputs)
    return places(placed.input_lanes, placed.layer.source, placed.in_offset, operands, placed.planar)


def output_places(placed: PlacedLayer) -> np.ndarray:
    """Return where a layer's output lies."""
    layer = placed.layer
    return places(placed.output_lanes, layer.result, placed.out_offset, 1 + placed.write_gap, wide=layer.wide)


def words_of(values: np.ndarray, where: np.ndarray) -> Words:
    """Return the words that hold `values` [H, W, C], s8 or s32, at `where`, in rising order of addresses."""
    words: Words = {}
    if values.dtype == np.int32:
        pairs = zip(where.ravel().tolist(), values.ravel().tolist(), strict=True)
        return {address: (0xFFFFFFFF, value & 0xFFFFFFFF) for address, value in sorted(pairs)}
    for address, value in sorted(zip(where.ravel().tolist(), values.ravel().tolist(), strict=True)):
        shift = 8 * (address % 4)
        mask, word = words.get(address - address % 4, (0, 0))
        words[address - address % 4] = mask | 0xFF << shift, word | (value & 0xFF) << shift
    return words


def runs(words: Words) -> list[tuple[int, int, list[int]]]:
    """Return (address, mask, words) of neighbouring words with one mask."""
    found: list[tuple[int, int, list[int]]] = []
    for address, (mask, word) in sorted(words.items()):
        if found and found[-1][1] == mask and found[-1][0] + 4 * len(found[-1][2]) == address:
            found[-1][2].append(word)
        else:
            found.append((address, mask, [word]))
    return found
