"""Search for processors: each group of tensors gets lanes, so that weights, data and biases all fit.

A group's weights cost the same wherever it lies, so what matters is which groups share processors (columns add up) and
data memories (bytes add up while both live). Groups are placed greedily, the hardest first; when that ends badly the
groups that did not fit become harder and the search begins again, with ties broken at random from a fixed seed.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from microface.chip.plan.max78000.bias import BiasPlace, bias_bytes, place_biases
from microface.chip.plan.max78000.blocks import Block, Formats, blocks, groups
from microface.chip.plan.max78000.crowding import bytes_in_the_way, columns_in_the_way
from microface.chip.plan.max78000.lanes import PER_INSTANCE, Lanes, contiguous, crossing, fifo_lanes, one_per_memory
from microface.chip.plan.max78000.offsets import place_blocks
from microface.chip.plan.max78000.rules import limit
from microface.chip.plan.max78000.weights import aligned, columns, first_fit, lead, starts_anywhere
from microface.chip.plan.max78000.workload import HardwareLayer, Workload
from microface.chip.targets import Target

ATTEMPTS = 400
_QUADRANT_0 = 0xFFFF


@dataclass(frozen=True)
class Found:
    """A placement: lanes by tensor, first column and columns by layer, offset by block, bias place by layer."""

    formats: Formats
    lanes: Mapping[str, Lanes]
    columns: tuple[int, ...]
    starts: tuple[int, ...]
    blocks: tuple[Block, ...]
    offsets: Mapping[tuple[str, ...], int]
    biases: tuple[BiasPlace | None, ...]


@dataclass(frozen=True)
class Failure:
    """What did not fit in the best attempt: the `rule`, the tensor or layer `where`, what it has."""

    rule: str
    where: str
    have: object


class _Stuck(Exception):  # noqa: N818 - an attempt that ended, not an error
    """An attempt that found no room for `group`; `have` is put into words only for the last one."""

    def __init__(self, group: str, rule: str, where: str, have: Callable[[], str]) -> None:
        self.group, self._rule, self._where, self._have = group, rule, where, have
        super().__init__(group)

    @property
    def failure(self) -> Failure:
        """What did not fit."""
        return Failure(self._rule, self._where, self._have())


def _packs(attempt: int) -> bool:
    """Tell whether an attempt may put groups side by side within a data memory: four of eight, not the first ones."""
    return attempt % 8 >= 4


class Search:
    """Placing one network with one choice of `formats`."""

    def __init__(self, work: Workload, target: Target, formats: Formats, taken_columns: int = 0) -> None:
        self.work, self.formats, self.bytes_limit = work, formats, limit(target, "data_memory")
        self.column_limit, self.taken_columns = limit(target, "weight_columns") - taken_columns, taken_columns
        self.bias_limit = limit(target, "bias_memory")
        self.group = groups(work)
        self.blocks = blocks(work, self.group, formats)
        self.members: dict[str, list[int]] = {name: [] for name in dict.fromkeys(self.group.values())}
        for index, block in enumerate(self.blocks):
            self.members[block.group].append(index)
        self.choices = {name: self._choices(name) for name in self.members}
        self.packed = {name: found + self._crossing(name) for name, found in self.choices.items()}
        self.meeting = [
            [j for j, b in enumerate(self.blocks) if j != i and a.meets(b)] for i, a in enumerate(self.blocks)
        ]
        self.cost = self._column_costs()
        self.failure = Failure("data_memory", work.name, "no room")

    def _choices(self, name: str) -> tuple[Lanes, ...]:
        channels = self.work.shapes[name][2]
        inputs = [each for each in self.work.inputs if self.group[each] == name]
        if inputs and self.formats.streaming:
            return fifo_lanes(channels, self.formats.planar)
        if inputs and self.formats.planar:
            return one_per_memory(channels)
        return tuple(lanes for lanes in contiguous(channels) if not lanes.first % PER_INSTANCE or self._loose(name))

    def _loose(self, name: str) -> bool:
        """Tell whether every layer that writes to a group may write from the middle of a data memory on."""
        writers = [layer for layer in self.work.layers if layer.convolves and self.group[layer.output] == name]
        return not self.taken_columns and all(starts_anywhere(layer) for layer in writers)

    def _crossing(self, name: str) -> tuple[Lanes, ...]:
        """Return lanes without alignment; an input in CHW order or from the FIFO has its own."""
        fed = any(self.group[each] == name for each in self.work.inputs)
        bound = not self._loose(name) or (fed and (self.formats.planar or self.formats.streaming > 0))
        return () if bound else crossing(self.work.shapes[name][2])

    def _column_costs(self) -> dict[str, int]:
        """Return the columns that each group's readers take, with output lanes that begin a data memory."""
        cost = dict.fromkeys(self.members, 0)
        for layer in self.work.layers:
            if self.choices[self.group[layer.output]]:
                taken = columns(layer, self.choices[self.group[layer.output]][0])
                cost[self.group[layer.inputs[0]]] += aligned(taken)
        return cost

    def run(self) -> Found | None:
        """Return a placement, or None where `ATTEMPTS` found none; `failure` then says what stood in the way."""
        impossible = next((name for name, choices in self.choices.items() if not choices), None)
        if impossible is not None:
            rule = "fifo_channels" if self.formats.streaming else "planar_channels"
            self.failure = Failure(rule, self._reader_of(impossible), self.work.shapes[impossible][2])
            return None
        if self._hopeless():
            return None
        chance, hardness = random.Random(0), dict.fromkeys(self.members, 0.0)
        for attempt in range(ATTEMPTS):
            try:
                return self._attempt(chance, hardness, attempt)
            except _Stuck as stuck:
                hardness[stuck.group] += 1
                last = stuck
        self.failure = last.failure
        return None

    def _hopeless(self) -> bool:
        """Note a tensor or a layer that fits no memory even alone."""
        for index, layer in enumerate(self.work.layers):
            least = min(columns(layer, lanes) for lanes in self.choices[self.group[layer.output]])
            if least > self.column_limit:
                self.failure = Failure("weight_columns", layer.name, least)
                return True
            if self._biggest(index) > self.bytes_limit:
                self.failure = Failure("data_memory", layer.name, f"{self._biggest(index)} bytes in a data memory")
                return True
        return False

    def _biggest(self, index: int) -> int:
        layer = self.work.layers[index]
        return max(b.bytes for b in self.blocks if layer.output in b.tensors or layer.inputs[0] in b.tensors)

    def _attempt(self, chance: random.Random, hardness: Mapping[str, float], attempt: int) -> Found:
        """Return a placement; raise `_Stuck` with what found no room."""
        chosen = self._assign(chance, hardness, attempt)
        lanes = {tensor: chosen[group] for tensor, group in self.group.items()}
        taken = [columns(layer, lanes[layer.output]) for layer in self.work.layers]
        starts, offsets = self._starts(lanes, taken), self._offsets(chosen)
        biases = place_biases(self._bias_sizes(lanes), self.bias_limit)
        if biases is None:
            sizes = self._bias_sizes(lanes)
            raise _Stuck(self._input_group, "bias_memory", "", lambda: f"{sum(sizes)} bytes of bias")
        if not any(lanes[layer.inputs[0]].mask & _QUADRANT_0 for layer in self.work.layers):
            raise _Stuck(self._input_group, "quadrant_0", "", lambda: "no layer there")
        return Found(self.formats, lanes, tuple(taken), tuple(starts), tuple(self.blocks), offsets, tuple(biases))

    @property
    def _input_group(self) -> str:
        return self.group[self.work.inputs[0]]

    def _starts(self, lanes: Mapping[str, Lanes], taken: Sequence[int]) -> list[int]:
        masks = [lanes[layer.inputs[0]].mask for layer in self.work.layers]
        leads = [lead(layer, lanes[layer.output]) for layer in self.work.layers]
        claims = [columns + before for columns, before in zip(taken, leads, strict=True)]
        starts = first_fit(masks, claims, self.column_limit)
        for index, start in enumerate(starts):
            if start is None:
                layer = self.work.layers[index]
                needs = [aligned(each) for each in claims]
                have = partial(columns_in_the_way, self.work.layers, masks, needs, index, self.column_limit)
                raise _Stuck(self.group[layer.inputs[0]], "weight_columns", layer.name, have)
        return [(start or 0) + before for start, before in zip(starts, leads, strict=True)]

    def _offsets(self, chosen: Mapping[str, Lanes]) -> dict[tuple[str, ...], int]:
        memories = {group: lanes.instances for group, lanes in chosen.items()}
        offsets = place_blocks(self.blocks, memories, self.bytes_limit)
        if offsets is None:
            worst = max(self.blocks, key=lambda block: block.bytes)
            places = [(block, memories[block.group]) for block in self.blocks]
            have = partial(bytes_in_the_way, worst, memories[worst.group], places, self.bytes_limit)
            raise _Stuck(worst.group, "data_memory", self._reader_of(worst.tensors[0]), have)
        return offsets

    def _bias_sizes(self, lanes: Mapping[str, Lanes]) -> list[int]:
        streaming = self.formats.streaming > 0
        pairs = enumerate(self.work.layers)
        return [bias_bytes(layer, lanes[layer.output], streaming and index == 0) for index, layer in pairs]

    def _reader_of(self, tensor: str) -> str:
        readers = self.work.readers(tensor)
        return (readers[0] if readers else self.work.layers[self.work.written[tensor]]).name

    def _assign(self, chance: random.Random, hardness: Mapping[str, float], attempt: int) -> dict[str, Lanes]:
        noise = {name: chance.random() * attempt * 0.02 for name in self.members}
        order = sorted(self.members, key=lambda name: -(self._hard(name, attempt) + hardness[name] * 0.5 + noise[name]))
        loads, chosen = [0] * 64, dict[str, Lanes]()
        used: dict[int, frozenset[int]] = {}
        for name in order:
            best = self._best(name, loads, used, chance, attempt)
            if best is None:
                raise self._no_room(name, chosen, used)
            chosen[name] = best
            for p in best.processors:
                loads[p] += self.cost[name]
            used |= {i: frozenset(best.instances) for i in self.members[name]}
        return chosen

    def _no_room(self, name: str, chosen: Mapping[str, Lanes], used: Mapping[int, frozenset[int]]) -> _Stuck:
        if any(self._room(name, lanes, used) for lanes in self.choices[name]):
            return _Stuck(name, "weight_columns", self._reader_of(name), partial(self._columns, name, chosen, used))
        return _Stuck(name, "data_memory", self._reader_of(name), partial(self._bytes, name, used))

    def _columns(self, name: str, chosen: Mapping[str, Lanes], used: Mapping[int, frozenset[int]]) -> str:
        """Say how many columns `name` would need where it comes nearest to fitting."""
        roomy = [lanes for lanes in self.choices[name] if self._room(name, lanes, used)]
        lanes = {group: each.mask for group, each in chosen.items()}
        needs = [self._taken(layer) for layer in self.work.layers]
        groups_of = [self.group[layer.inputs[0]] for layer in self.work.layers]
        index = max((i for i, group in enumerate(groups_of) if group == name), key=lambda i: needs[i])

        def load(mask: int) -> int:
            return sum(need for need, group in zip(needs, groups_of, strict=True) if lanes.get(group, 0) & mask)

        nearest = min(roomy, key=lambda each: max(load(1 << processor) for processor in each.processors))
        masks = [nearest.mask if group == name else lanes.get(group, 0) for group in groups_of]
        return columns_in_the_way(self.work.layers, masks, needs, index, self.column_limit)

    def _taken(self, layer: HardwareLayer) -> int:
        return aligned(columns(layer, self.choices[self.group[layer.output]][0]))

    def _bytes(self, name: str, used: Mapping[int, frozenset[int]]) -> str:
        """Say how many bytes the largest block of `name` would need where it comes nearest to fitting."""
        worst = max(self.members[name], key=lambda index: self.blocks[index].bytes)
        places = [(self.blocks[i], tuple(memories)) for i, memories in used.items()]
        tries = [each.instances for each in self.choices[name]]
        found = [bytes_in_the_way(self.blocks[worst], each, places, self.bytes_limit) for each in tries]
        return min(found, key=lambda text: int(text.split()[0]))

    def _hard(self, name: str, attempt: int) -> float:
        """Return how hard a group is to place: by its share of columns, of bytes, or of both, in turn."""
        width = len(self.choices[name][0].processors) / 64
        weight = self.cost[name] / self.column_limit
        data = max(self.blocks[i].bytes for i in self.members[name]) / self.bytes_limit
        few = 1 / len(self.choices[name])
        return ((weight + few, data + weight + few, weight * width + few, data * width + few)[attempt % 4]) + (
            2 if len(self.choices[name]) == 1 else 0
        )

    def _best(
        self, name: str, loads: Sequence[int], used: Mapping[int, frozenset[int]], chance: random.Random, attempt: int
    ) -> Lanes | None:
        best: tuple[float, ...] | None = None
        found = None
        for rank, lanes in enumerate((self.packed if _packs(attempt) else self.choices)[name]):
            peak = max(loads[lanes.first : lanes.last + 1]) + self.cost[name]
            if peak > self.column_limit or not self._room(name, lanes, used):
                continue
            score = self._score(peak, name, lanes, rank, chance, attempt)
            if best is None or score < best:
                best, found = score, lanes
        return found

    def _score(
        self, peak: int, name: str, lanes: Lanes, rank: int, chance: random.Random, attempt: int
    ) -> tuple[float, ...]:
        if _packs(attempt):
            return -peak if attempt % 3 == 2 else peak, lanes.first
        inside = lanes.first % 4 != 0
        if attempt % 3 == 2:
            # Best fit: fill what is already full, and keep empty processors for wide layers.
            return inside, -peak, chance.random()
        return inside, peak + (chance.random() * attempt if attempt else 0), rank

    def _room(self, name: str, lanes: Lanes, used: Mapping[int, frozenset[int]]) -> bool:
        """Tell whether every data memory of `lanes` still holds the group's blocks beside those that live with them."""
        for index in self.members[name]:
            others = [(j, used[j]) for j in self.meeting[index] if j in used]
            for memory in lanes.instances:
                here = [self.blocks[j] for j, memories in others if memory in memories]
                if here and self._peak(self.blocks[index], here) > self.bytes_limit:
                    return False
        return True

    def _peak(self, block: Block, others: Sequence[Block]) -> int:
        times = {max(block.first, other.first) for other in others}
        return block.bytes + max(sum(o.bytes for o in others if o.first <= t <= o.last) for t in times)
