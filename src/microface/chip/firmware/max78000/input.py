"""How the input reaches the accelerator: which channels go together as one word, and to which address."""

from dataclasses import dataclass

import numpy as np

from microface.chip.firmware.max78000.data import FIFO_DATA, input_places
from microface.chip.plan.max78000.plan import PlacedLayer

_PER_QUADRANT = 16


@dataclass(frozen=True)
class Group:
    """`count` channels of a pixel, from `channel` on: bytes of the word at `address` + pixel * `step`, from `byte` on.

    `step` is 0 for a FIFO. In CHW order a word holds one channel of four pixels.
    """

    address: int
    step: int
    channel: int
    count: int
    byte: int


def input_groups(first: PlacedLayer) -> tuple[Group, ...]:
    """Return the groups of the channels that the network's first layer reads."""
    where = input_places(first).reshape(-1, first.layer.source[2])
    groups: list[Group] = []
    for channel, address in enumerate(where[0].tolist()):
        word, byte = address - address % 4, address % 4
        if groups and not first.planar and groups[-1].address == word:
            groups[-1] = Group(word, groups[-1].step, groups[-1].channel, groups[-1].count + 1, groups[-1].byte)
        else:
            step = 4 if first.planar else int(where[1 if len(where) > 1 else 0, channel]) - address
            groups.append(Group(word, step, channel, 1, byte))
    return tuple(_to_fifo(group, first) for group in groups) if first.streaming else tuple(groups)


def words_for(group: Group, values: np.ndarray) -> np.ndarray:
    """Return the word of each pixel, int64 [H * W], for s8 `values` [H, W, C] that are not in CHW order."""
    channels = slice(group.channel, group.channel + group.count)
    octets = values.reshape(-1, values.shape[2])[:, channels].astype(np.uint8).astype(np.int64)
    return (octets << 8 * (group.byte + np.arange(group.count))).sum(axis=1)


def _to_fifo(group: Group, first: PlacedLayer) -> Group:
    """Return `group` with the data register of its quadrant's FIFO."""
    quadrant = first.input_lanes.processors[group.channel] // _PER_QUADRANT
    return Group(FIFO_DATA + 4 * quadrant, 0, group.channel, group.count, group.byte)


def input_header(first: PlacedLayer) -> str:
    """Return `accelerator_input.h`."""
    rows, columns, channels = first.layer.source
    groups = ", ".join(
        f"{{UINT32_C(0x{g.address:08x}), {g.step}, {g.channel}, {g.count}, {g.byte}}}" for g in input_groups(first)
    )
    lines = [
        "/* Where the input goes: made by microface. A group is {address, step, channel, count, byte}. */",
        f"#define INPUT_PIXELS {rows * columns}",
        f"#define INPUT_CHANNELS {channels}",
        f"#define INPUT_STREAMS {int(first.streaming)}",
        f"#define INPUT_PLANAR {int(first.planar)}",
        f"#define INPUT_GROUPS {{{groups}}}",
    ]
    return "\n".join(lines) + "\n"
