"""What has to be placed: groups of tensors that share processors, and blocks of bytes that share an address.

Operands of one element-wise layer lie pixel by pixel beside each other in one block; a layer without convolution
writes to the processors that it reads from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from microface.chip.plan.max78000.workload import BYTES_PER_WORD, WIDE_BYTES, HardwareLayer, Workload, passes

_GUARD_BYTES = 16
"""Kept free behind what the last streaming layer writes: the vendor's tool takes its end for a few words later."""


@dataclass(frozen=True)
class Formats:
    """How the input is stored and fed: `planar` (CHW, one byte a pixel), and how many layers stream from the FIFO."""

    planar: bool = False
    streaming: int = 0


@dataclass(frozen=True)
class Block:
    """`bytes` in every data memory of `group`'s processors, in use from layer `first` to layer `last`.

    `tensors` lie in it interleaved, in this order.
    """

    tensors: tuple[str, ...]
    group: str
    bytes: int
    first: int
    last: int

    def meets(self, other: "Block") -> bool:
        """Tell whether both are in use at some time; a layer's input and output are."""
        return self.first <= other.last and other.first <= self.last


def groups(work: Workload) -> Mapping[str, str]:
    """Return for each tensor the name of the group of tensors whose processors are the same."""
    parent = {name: name for name in work.shapes}
    for layer in work.layers:
        bound = (*layer.inputs, *(() if layer.convolves else (layer.output,)))
        for name in bound[1:]:
            parent[_root(parent, name)] = _root(parent, bound[0])
    return {name: _root(parent, name) for name in parent}


def _root(parent: Mapping[str, str], name: str) -> str:
    while parent[name] != name:
        name = parent[name]
    return name


def blocks(work: Workload, group: Mapping[str, str], formats: Formats) -> list[Block]:
    """Return every block of `work` with its bytes per data memory and its life."""
    together = {name: layer.inputs for layer in work.layers if layer.eltwise != "none" for name in layer.inputs}
    sets = dict.fromkeys(together.get(name, (name,)) for name in work.shapes)
    return [_block(work, names, group, formats) for names in sets]


def _block(work: Workload, names: tuple[str, ...], group: Mapping[str, str], formats: Formats) -> Block:
    size = len(names) * tensor_bytes(work, names[0], formats)
    if max(work.written[name] for name in names) == formats.streaming - 1 >= 0:
        size += _GUARD_BYTES
    first, last = min(work.written[name] for name in names), max(work.last_read[name] for name in names)
    if first < formats.streaming:
        # Layers that stream run at once, from the first row of the input on.
        first, last = -1, max(last, formats.streaming - 1)
    return Block(names, group[names[0]], size, first, last)


def tensor_bytes(work: Workload, name: str, formats: Formats) -> int:
    """Return the bytes that a tensor takes in each of its data memories; while it streams, a few rows of it."""
    height, width, channels = work.shapes[name]
    writer = work.written[name]
    word = BYTES_PER_WORD
    if writer < 0 and formats.planar:
        word = 1
    elif writer >= 0 and work.layers[writer].wide:
        word *= WIDE_BYTES
    rows = min(height, rows_kept(work.layers[writer + 1])) if writer + 1 < formats.streaming else height
    return -(-rows * width * passes(channels) * word // BYTES_PER_WORD) * BYTES_PER_WORD


def rows_kept(reader: HardwareLayer) -> int:
    """Return the rows that a streaming layer keeps of its input: its kernel's, each pooled, and the next ones."""
    return (reader.kernel[0] + 1) * max(reader.pool_size[0], reader.pool_stride[0])
