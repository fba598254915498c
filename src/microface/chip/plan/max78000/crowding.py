"""Why something found no room, in words: the sum that is too much, and who shares the place."""

from collections.abc import Iterable, Sequence

from microface.chip.plan.max78000.blocks import Block
from microface.chip.plan.max78000.workload import PROCESSORS, HardwareLayer

_NAMED = 6


def columns_in_the_way(
    layers: Sequence[HardwareLayer], masks: Sequence[int], needs: Sequence[int], index: int, allowed: int
) -> str:
    """Return the columns of the busiest processor of layer `index`, and the layers that share it.

    `masks` are the processors of each layer and `needs` its columns with alignment; a mask of 0 is not placed yet.
    """
    mine = [processor for processor in range(PROCESSORS) if masks[index] >> processor & 1]

    def load(processor: int) -> int:
        return sum(need for need, mask in zip(needs, masks, strict=True) if mask >> processor & 1)

    busiest = max(mine, key=load)
    there = [i for i, mask in enumerate(masks) if mask >> busiest & 1 and i != index and needs[i]]
    total = f"{load(busiest)} columns in processor {busiest}" + _pieces(load(busiest), allowed)
    return f"{total}, {needs[index]} of them beside those of {_listed(layers[i].name for i in there)}"


def bytes_in_the_way(
    block: Block, memories: Sequence[int], placed: Iterable[tuple[Block, Sequence[int]]], allowed: int
) -> str:
    """Return the bytes of the fullest of `memories` while `block` lives there, and the tensors beside it."""
    others = [(other, set(where)) for other, where in placed if other is not block and block.meets(other)]
    fullest: tuple[int, int, list[Block]] = (block.bytes, memories[0], [])
    for memory in memories:
        here = [other for other, where in others if memory in where]
        for time in {max(block.first, other.first) for other in here}:
            alive = [other for other in here if other.first <= time <= other.last]
            fullest = max(fullest, (block.bytes + sum(o.bytes for o in alive), memory, alive), key=lambda each: each[0])
    total, memory, alive = fullest
    beside = _listed(tensor for other in alive for tensor in other.tensors)
    return f"{total} bytes in data memory {memory}{_pieces(total, allowed)}, {block.bytes} of them beside {beside}"


def _pieces(total: int, allowed: int) -> str:
    return "" if total > allowed else f" with gaps that leave less free than {allowed - total} in a row"


def _listed(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    rest = len(found) - _NAMED
    shown = ", ".join(found[:_NAMED]) or "nothing else"
    return f"{shown} and {rest} more" if rest > 0 else shown
