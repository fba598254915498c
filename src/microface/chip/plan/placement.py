"""Where each buffer lies in the arena: as few bytes as can be found, with a proof where it is found.

Placing buffers one by one, each as low as those before it allow, reaches a smallest arena for at least one order.
Several good orders are tried first; where none meets the lower bound, a branch and bound searches the orders.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from microface.chip.plan.lifetimes import Buffer, Lifetimes, Overlap

NODE_LIMIT = 20_000


@dataclass(frozen=True)
class Placement:
    """Offset of each buffer; `lower_bound` no arena can go below; `exact`: nothing smaller exists."""

    offsets: Mapping[str, int]
    bytes: int
    lower_bound: int
    exact: bool


def place(lives: Lifetimes, alignment: int, node_limit: int = NODE_LIMIT) -> Placement:
    """Return the best placement found; offsets and the arena's size are multiples of `alignment`."""
    problem = _Problem.of(lives, alignment)
    bound = lower_bound(lives, alignment)
    best = min((problem.pack(order) for order in _orders(problem)), key=problem.height)
    search = _Search(problem, best, problem.height(best), bound, node_limit)
    if search.height > bound:
        search.extend({}, 0)
    proved = search.height == bound or search.nodes_left > 0
    return Placement(search.best, search.height, bound, proved)


def lower_bound(lives: Lifetimes, alignment: int) -> int:
    """Return the largest sum of bytes that hold something during one call, overlaps taken at their best."""
    calls = max((buffer.last for buffer in lives.buffers), default=-1) + 1
    return max((_bytes_at(lives, call, alignment) for call in range(calls)), default=0)


def _bytes_at(lives: Lifetimes, call: int, alignment: int) -> int:
    sizes = {buffer.name: round_up(buffer.bytes, alignment) for buffer in lives.at(call)}
    whole = sum(sizes.values())
    pairs = [o for o in lives.overlaps if o.output in sizes and o.input in sizes]
    shared = (_saved(o, sizes, alignment) for o in pairs)
    return whole - max(shared, default=0)


def _saved(overlap: Overlap, sizes: Mapping[str, int], alignment: int) -> int:
    output, source = sizes[overlap.output], sizes[overlap.input]
    span = max(output, round_up(overlap.lead, alignment) + source)
    return max(output + source - span, 0)


def round_up(value: int, alignment: int) -> int:
    """Return the smallest multiple of `alignment` that is not below `value`."""
    return -(-value // alignment) * alignment


@dataclass(frozen=True)
class _Problem:
    """Sizes, and how far above p a buffer b that meets it must begin, when it begins at or above p: above[p][b]."""

    sizes: Mapping[str, int]
    buffers: Mapping[str, Buffer]
    above: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, lives: Lifetimes, alignment: int) -> "_Problem":
        sizes = {buffer.name: round_up(buffer.bytes, alignment) for buffer in lives.buffers}
        above = {
            p.name: {b.name: sizes[p.name] for b in lives.buffers if b is not p and p.meets(b)} for p in lives.buffers
        }
        for overlap in lives.overlaps:
            lead = round_up(overlap.lead, alignment)
            above[overlap.output][overlap.input] = min(lead, sizes[overlap.output])
        return cls(sizes, {buffer.name: buffer for buffer in lives.buffers}, above)

    def height(self, offsets: Mapping[str, int]) -> int:
        """Return the bytes from 0 to the end of the highest buffer."""
        return max((offset + self.sizes[name] for name, offset in offsets.items()), default=0)

    def pack(self, order: Iterable[str]) -> dict[str, int]:
        """Place buffers in `order`, each at the lowest free offset, holes included."""
        offsets: dict[str, int] = {}
        for name in order:
            offsets[name] = self._lowest(name, offsets)
        return offsets

    def _lowest(self, name: str, offsets: Mapping[str, int]) -> int:
        near = {other: offsets[other] for other in self.above[name] if other in offsets}
        starts = {0} | {offset + self.above[other][name] for other, offset in near.items()}
        starts |= {offset - self.above[name][other] for other, offset in near.items()}
        return next(start for start in sorted(starts) if start >= 0 and self._fits(name, start, near))

    def _fits(self, name: str, start: int, near: Mapping[str, int]) -> bool:
        return all(self._apart(name, start, other, offset) for other, offset in near.items())

    def _apart(self, name: str, start: int, other: str, offset: int) -> bool:
        return start >= offset + self.above[other][name] or offset >= start + self.above[name][other]


def _orders(problem: _Problem) -> Iterable[list[str]]:
    """Yield orders that pack well: largest first, longest first, by time, largest product first."""
    keys: tuple[Callable[[str], float], ...] = (
        lambda n: -problem.sizes[n],
        lambda n: -problem.sizes[n] * (problem.buffers[n].last - problem.buffers[n].first + 1),
        lambda n: -(problem.buffers[n].last - problem.buffers[n].first),
        lambda n: problem.buffers[n].first,
        lambda n: -problem.buffers[n].first,
    )
    for key in keys:
        yield sorted(problem.sizes, key=lambda n: (key(n), -problem.sizes[n], n))


@dataclass
class _Search:
    """Branch and bound over orders of rising offset; it stops at the lower bound or when no nodes are left."""

    problem: _Problem
    best: Mapping[str, int]
    height: int
    bound: int
    nodes_left: int
    seen: set[tuple[tuple[str, int], ...]] = field(default_factory=set)

    def extend(self, offsets: dict[str, int], level: int) -> None:
        """Try every buffer that is not in `offsets` as the next one, none below `level`."""
        if len(offsets) == len(self.problem.sizes):
            self._keep(offsets)
            return
        for offset, name in self._choices(offsets, level):
            if self.height == self.bound or self.nodes_left <= 0:
                return
            if offset + self.problem.sizes[name] < self.height:
                self._enter(offsets | {name: offset}, offset)

    def _enter(self, offsets: dict[str, int], level: int) -> None:
        self.nodes_left -= 1
        state = tuple(sorted(offsets.items()))
        if state not in self.seen:
            self.seen.add(state)
            self.extend(offsets, level)

    def _choices(self, offsets: Mapping[str, int], level: int) -> Sequence[tuple[int, str]]:
        waiting = [name for name in self.problem.sizes if name not in offsets]
        lowest = {name: max(level, self._floor(name, offsets)) for name in waiting}
        if any(offset + self.problem.sizes[name] >= self.height for name, offset in lowest.items()):
            return ()
        return sorted(((offset, name) for name, offset in lowest.items()), key=self._lowest_then_largest)

    def _lowest_then_largest(self, choice: tuple[int, str]) -> tuple[int, int]:
        return choice[0], -self.problem.sizes[choice[1]]

    def _floor(self, name: str, offsets: Mapping[str, int]) -> int:
        above = self.problem.above
        return max((offsets[p] + above[p][name] for p in above[name] if p in offsets), default=0)

    def _keep(self, offsets: Mapping[str, int]) -> None:
        height = self.problem.height(offsets)
        if height < self.height:
            self.best, self.height = dict(offsets), height
