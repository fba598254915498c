"""Addresses in the data memories: each block gets an offset at which no block alive at the same time lies."""

from collections.abc import Mapping, Sequence

from microface.chip.plan.max78000.blocks import Block


def place_blocks(
    all_blocks: Sequence[Block], memories: Mapping[str, Sequence[int]], capacity: int
) -> dict[tuple[str, ...], int] | None:
    """Return each block's offset, or None where no tried order fits `capacity` bytes per data memory.

    `memories` names for each group the data memories of its processors.
    """
    for key in _ORDERS:
        order = sorted(all_blocks, key=key)
        if (placed := _in_order(order, memories, capacity)) is not None:
            return placed
    return None


_ORDERS = (
    lambda block: (-block.bytes, block.first),
    lambda block: (block.first, -block.bytes),
    lambda block: (-(block.last - block.first), -block.bytes),
    lambda block: (-block.bytes * (1 + block.last - block.first), block.first),
    lambda block: (-block.last, -block.bytes),
)


def _in_order(
    order: Sequence[Block], memories: Mapping[str, Sequence[int]], capacity: int
) -> dict[tuple[str, ...], int] | None:
    placed: dict[tuple[str, ...], int] = {}
    done: list[tuple[Block, frozenset[int], int]] = []
    for block in order:
        here = frozenset(memories[block.group])
        taken = sorted((at, at + other.bytes) for other, there, at in done if here & there and block.meets(other))
        offset = _lowest(taken, block.bytes, capacity)
        if offset is None:
            return None
        placed[block.tensors] = offset
        done.append((block, here, offset))
    return placed


def _lowest(taken: Sequence[tuple[int, int]], size: int, capacity: int) -> int | None:
    """Return the start of the smallest gap between `taken` ranges that holds `size`, at either end of it."""
    best: tuple[int, int] | None = None
    free = 0
    for start, end in (*taken, (capacity, capacity)):
        if start - free >= size and (best is None or start - free < best[0]):
            best = start - free, free if free or start != capacity else 0
        free = max(free, end)
    return None if best is None else best[1]
