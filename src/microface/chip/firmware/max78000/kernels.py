"""Weights as the words of the weight memories, and back.

A processor's memory holds 72-bit columns of nine bytes. Kernels fill them as one stream of bytes; within a column the
stream runs from the last byte to the first, and a kernel's taps come last first, so that a 3x3 kernel reads row by row.
Below 8 bits a byte holds the same tap of the next 8 / bits outputs, the lowest in the low bits; in a flattening layer
the next pixels of one output.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from microface.chip.plan.max78000.plan import PlacedLayer
from microface.chip.plan.max78000.workload import passes, processors_for
from microface.network.ops.max78000 import AcceleratorConv

COLUMN_BYTES = 9
BASE, QUADRANT_STEP, PROCESSOR_STEP = 0x50180000, 0x400000, 0x4000
COLUMNS = 768


@dataclass(frozen=True)
class KernelBlock:
    """Neighbouring columns of one processor as 32-bit words for `address`."""

    address: int
    words: tuple[int, ...]


def column_address(processor: int, column: int) -> int:
    """Return the address that names `column` of `processor`."""
    return BASE + QUADRANT_STEP * (processor // 16) + PROCESSOR_STEP * (processor % 16) + 4 * column


def slots(placed: PlacedLayer, lane: int) -> np.ndarray:
    """Return int [columns * 9, 8 / bits]: for each part of a byte the index into the flat weights, or -1.

    `lane` counts the layer's processors from the lowest.
    """
    layer = placed.layer
    order = _flattened(placed, lane) if layer.flatten else _kernels(placed, lane)
    together = 8 // layer.bits
    padded = np.full((-(-len(order) // together) * together, order.shape[1]), -1)
    padded[: len(order)] = order
    stream = padded.reshape(-1, together, order.shape[1])[:, :, ::-1].transpose(0, 2, 1).reshape(-1, together)
    whole = np.full((placed.columns * COLUMN_BYTES, together), -1)
    place = np.arange(len(stream))
    whole[place // COLUMN_BYTES * COLUMN_BYTES + COLUMN_BYTES - 1 - place % COLUMN_BYTES] = stream
    return whole


def _channels(placed: PlacedLayer, lane: int) -> np.ndarray:
    """Return the input channel of this lane in each round; -1 where a round has none for it."""
    count, total = processors_for(placed.layer.source[2]), placed.layer.source[2]
    found = lane + count * np.arange(passes(total))
    return np.where(found < total, found, -1)


def _indices(placed: PlacedLayer, lane: int, outputs: np.ndarray) -> np.ndarray:
    """Return int [outputs, channels, taps]: indices into the flat weights [O, KH, KW, I], -1 where there is none."""
    layer, channels = placed.layer, _channels(placed, lane)
    taps = np.arange(layer.taps)
    # The hardware convolves the spread-out input: a transposed kernel is stored turned round.
    order = taps[::-1] if layer.operation == "convtranspose2d" else taps
    index = (outputs[:, None, None] * layer.taps + order) * layer.source[2] + channels[:, None]
    real = (outputs < layer.result[2])[:, None, None] & (channels >= 0)[:, None]
    return np.where(real, index, -1)


def _kernels(placed: PlacedLayer, lane: int) -> np.ndarray:
    """Return int [kernels, taps] in the order of the memory: rounds of outputs, outputs, rounds of inputs."""
    outputs = placed.layer.result[2]
    return _indices(placed, lane, np.arange(passes(outputs) * processors_for(outputs))).reshape(-1, placed.layer.taps)


def _flattened(placed: PlacedLayer, lane: int) -> np.ndarray:
    """Return int [weights, 1]: for each output the pixels, of each pixel this lane's channels."""
    return _indices(placed, lane, np.arange(placed.layer.result[2])).transpose(0, 2, 1).reshape(-1, 1)


def pack(placed: PlacedLayer, weights: np.ndarray, lane: int) -> bytes:
    """Return the bytes of this lane's columns for int8 `weights` [O, KH, KW, I]."""
    index, bits = slots(placed, lane), placed.layer.bits
    values = np.where(index >= 0, weights.reshape(-1)[index], 0).astype(np.int64) & ((1 << bits) - 1)
    shifts = bits * np.arange(8 // bits)
    return (values << shifts).sum(axis=1).astype(np.uint8).tobytes()


def unpack(placed: PlacedLayer, weights: np.ndarray, lane: int, data: bytes) -> None:
    """Store the weights in this lane's columns `data` into int8 `weights` [O, KH, KW, I]."""
    index, bits = slots(placed, lane), placed.layer.bits
    shifts = bits * np.arange(8 // bits)
    values = np.frombuffer(data, np.uint8).astype(np.int64)[:, None] >> shifts & ((1 << bits) - 1)
    signed = (values ^ (1 << (bits - 1))) - (1 << (bits - 1))
    weights.reshape(-1)[index[index >= 0]] = signed[index >= 0]


def memory_of(placed: tuple[PlacedLayer, ...], operators: Mapping[str, AcceleratorConv]) -> dict[int, dict[int, bytes]]:
    """Return for each processor in use its columns: first column to bytes."""
    memory: dict[int, dict[int, bytes]] = {}
    for each in placed:
        if each.layer.convolves:
            for lane, processor in enumerate(each.input_lanes.processors):
                data = pack(each, operators[each.layer.name].weights, lane)
                memory.setdefault(processor, {})[each.first_column] = data
    return memory


def blocks(memory: Mapping[int, Mapping[int, bytes]]) -> Iterator[KernelBlock]:
    """Yield what is to be loaded; neighbouring columns of one processor are one block."""
    for processor, parts in sorted(memory.items()):
        first, run = 0, b""
        for column, data in sorted(parts.items()):
            if run and column != first + len(run) // COLUMN_BYTES:
                yield _block(processor, first, run)
                run = b""
            first = first if run else column
            run += data
        yield _block(processor, first, run)


def _block(processor: int, column: int, data: bytes) -> KernelBlock:
    padded = data + b"\0" * (-len(data) % 4)
    return KernelBlock(column_address(processor, column), tuple(np.frombuffer(padded, ">u4").tolist()))


def columns_from(words: np.ndarray) -> dict[int, bytearray]:
    """Return each processor's columns, 768 of nine bytes, from the loaded table (address, count, words ... 0)."""
    memory = {processor: bytearray(COLUMNS * COLUMN_BYTES) for processor in range(64)}
    load_columns(memory, words)
    return memory


def load_columns(memory: Mapping[int, bytearray], words: np.ndarray) -> None:
    """Store the table of `words` into `memory`; whole columns only, so that padding touches no neighbour."""
    place = 0
    while words[place]:
        address, count = int(words[place]) - BASE, int(words[place + 1])
        processor = address // QUADRANT_STEP * 16 + address % QUADRANT_STEP // PROCESSOR_STEP
        start = address % PROCESSOR_STEP // 4 * COLUMN_BYTES
        data = words[place + 2 : place + 2 + count].astype(">u4").tobytes()
        data = data[: len(data) // COLUMN_BYTES * COLUMN_BYTES]
        memory[processor][start : start + len(data)] = data
        place += 2 + count
