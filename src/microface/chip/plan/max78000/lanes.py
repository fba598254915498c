"""Lanes: the processors that hold a tensor's channels, four of them to a data memory."""

from dataclasses import dataclass
from functools import cached_property

from microface.chip.plan.max78000.workload import PROCESSORS, processors_for

PER_INSTANCE = 4
INSTANCES = PROCESSORS // PER_INSTANCE
FIFO_QUADRANTS = 4
_FIFO_STARTS = tuple(16 * quadrant for quadrant in range(FIFO_QUADRANTS))


@dataclass(frozen=True)
class Lanes:
    """Processors as the bits of `mask`; the lowest set bit holds the first channel of each round."""

    mask: int

    @cached_property
    def first(self) -> int:
        """The lowest processor."""
        return (self.mask & -self.mask).bit_length() - 1

    @cached_property
    def last(self) -> int:
        """The highest processor."""
        return self.mask.bit_length() - 1

    @cached_property
    def processors(self) -> tuple[int, ...]:
        """All processors, the lowest first."""
        return tuple(p for p in range(PROCESSORS) if self.mask >> p & 1)

    @cached_property
    def instances(self) -> tuple[int, ...]:
        """The data memories, 0 to 15, that these processors write and read."""
        return tuple(i for i in range(INSTANCES) if self.mask >> (PER_INSTANCE * i) & 15)


def contiguous(channels: int) -> tuple[Lanes, ...]:
    """Return all ways to put `channels` on neighbouring processors; those that begin a data memory come first."""
    count = processors_for(channels)
    starts = range(PROCESSORS - count + 1)
    good = [start for start in starts if start % PER_INSTANCE == 0]
    spare = [start for start in starts if start % PER_INSTANCE and start % PER_INSTANCE + count <= PER_INSTANCE]
    return tuple(Lanes(((1 << count) - 1) << start) for start in (*good, *spare))


def crossing(channels: int) -> tuple[Lanes, ...]:
    """Return the other ways: on neighbours that begin inside a data memory and end in another; none above 64 channels.

    They let groups lie without gaps, and keep one data memory more busy.
    """
    count = processors_for(channels) if channels <= PROCESSORS else 0
    starts = [start for start in range(PROCESSORS - count + 1) if start % PER_INSTANCE + count > PER_INSTANCE]
    return tuple(Lanes(((1 << count) - 1) << start) for start in starts if count and start % PER_INSTANCE)


def one_per_memory(channels: int) -> tuple[Lanes, ...]:
    """Return all ways to give each of up to 16 channels a data memory of its own (inputs in CHW order)."""
    step = sum(1 << (PER_INSTANCE * i) for i in range(channels)) if channels <= INSTANCES else 0
    return tuple(Lanes(step << (PER_INSTANCE * i)) for i in range(INSTANCES - channels + 1)) if step else ()


def fifo_lanes(channels: int, planar: bool) -> tuple[Lanes, ...]:
    """Return the ways in which the FIFO can feed `channels`: 4 per quadrant, or one of them in CHW order."""
    per_quadrant = 1 if planar else PER_INSTANCE
    if channels > per_quadrant * FIFO_QUADRANTS:
        return ()
    if channels <= per_quadrant:
        return tuple(Lanes(((1 << channels) - 1) << start) for start in _FIFO_STARTS)
    places = [start + i for start in _FIFO_STARTS for i in range(per_quadrant)]
    return (Lanes(sum(1 << place for place in places[:channels])),)
