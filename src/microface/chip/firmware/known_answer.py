"""The known-answer test: a sample that the chip draws itself, and the checksum of every layer on it.

Where one call runs several layers, only the last one's output exists. Then the checksums of its tables tell which
layer's constants are damaged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from microface.chip.plan.calls import Call
from microface.network.network import IntegerNetwork

SEED = 0x6D666163
"""First state of the xorshift32 that draws the sample: the letters `mfac`."""
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193


@dataclass(frozen=True)
class KnownAnswer:
    """`checksums`: FNV-1a of the inputs, then of every call's output."""

    checksums: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A table of a call that runs several layers: the number of its step, the layer it belongs to, FNV-1a."""

    step: int
    layer: str
    table: str
    checksum: int


def parts_of(call: Call, step: int) -> tuple[Part, ...]:
    """Return the tables of `call`, the number `step`, layer by layer; none where it runs one layer only."""
    if len(call.operators) == 1:
        return ()
    found = [
        Part(step, call.kernel.owner(name, call.operators).name, name, fnv1a(values.tobytes()))
        for name, values in call.kernel.pack(call.first, call.network).items()
    ]
    order = [op.name for op in call.operators]
    return tuple(sorted(found, key=lambda part: order.index(part.layer)))


def sample_bytes(count: int, seed: int = SEED) -> np.ndarray:
    """Return `count` uint8: the top bytes of a xorshift32 (shifts 13, 17, 5) that begins at `seed`."""
    state, values = seed, bytearray(count)
    for i in range(count):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        values[i] = state >> 24
    return np.frombuffer(bytes(values), np.uint8)


def fnv1a(data: bytes) -> int:
    """Return the 32-bit FNV-1a checksum of `data`."""
    value = _FNV_OFFSET
    for byte in data:
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value


def known_answer(network: IntegerNetwork, calls: Sequence[Call], sample: Mapping[str, np.ndarray]) -> KnownAnswer:
    """Return what `network` gives for `sample` (integers [1, H, W, C] by input), call by call."""
    order = (*network.inputs, *(call.output for call in calls if not call.kernel.view))
    sums = {name: fnv1a(x.tobytes()) for name, x in network.steps_of(sample) if name in order}
    return KnownAnswer(tuple(sums[name] for name in order))
