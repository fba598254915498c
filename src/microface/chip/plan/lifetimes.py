"""From when to when each buffer of an inference holds something, and which two may overlap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from microface.chip.plan.calls import Call
from microface.network.network import IntegerNetwork


@dataclass(frozen=True)
class Buffer:
    """`bytes` that hold something during the calls `first` .. `last`, both included. `kind`: tensor or scratch."""

    name: str
    kind: str
    bytes: int
    first: int
    last: int

    def meets(self, other: "Buffer") -> bool:
        """Say whether both hold something during the same call."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Overlap:
    """`output` may overlap `input` where its offset + `lead` <= the input's offset (both meet in one call only)."""

    output: str
    input: str
    lead: int


@dataclass(frozen=True)
class Lifetimes:
    """All buffers of an inference; `home` names each tensor's: a view, or what is made in place, has its source's."""

    buffers: tuple[Buffer, ...]
    overlaps: tuple[Overlap, ...]
    home: Mapping[str, str]

    def at(self, call: int) -> tuple[Buffer, ...]:
        """Return the buffers that hold something during `call`."""
        return tuple(buffer for buffer in self.buffers if buffer.first <= call <= buffer.last)


def lifetimes(network: IntegerNetwork, calls: Sequence[Call]) -> Lifetimes:
    """Return the lifetimes of inputs, tensors and scratch over `calls`; outputs live to the end."""
    home = _homes(network, calls)
    first, last = _spans(network, calls, home)
    sizes = _sizes(network, home)
    tensors = [Buffer(name, "tensor", sizes[name], first[name], last[name]) for name in first]
    scratch = [
        Buffer(f"scratch of {call.name}", "scratch", call.scratch_bytes, index, index)
        for index, call in enumerate(calls)
        if call.scratch_bytes
    ]
    kept = {home[name] for name in network.outputs}
    overlaps = (each for each in _overlaps(calls, home, first, last) if each.input not in kept)
    return Lifetimes((*tensors, *scratch), tuple(overlaps), home)


def _homes(network: IntegerNetwork, calls: Sequence[Call]) -> dict[str, str]:
    home, last = {name: name for name in network.inputs}, _last_reads(network, calls)
    for index, call in enumerate(calls):
        place = home[call.inputs[0]]
        dies = all(last[name] <= index for name, other in home.items() if other == place)
        shares = call.kernel.view or (call.in_place and dies)
        home[call.output] = place if shares else call.output
    return home


def _last_reads(network: IntegerNetwork, calls: Sequence[Call]) -> dict[str, int]:
    """Return for every tensor in memory the last call that reads it; outputs are read after all."""
    last = dict.fromkeys((*network.inputs, *(call.output for call in calls)), -1)
    last |= {name: index for index, call in enumerate(calls) for name in call.inputs}
    return last | dict.fromkeys(network.outputs, len(calls))


def _spans(
    network: IntegerNetwork, calls: Sequence[Call], home: Mapping[str, str]
) -> tuple[dict[str, int], dict[str, int]]:
    first = {home[name]: 0 for name in network.inputs}
    last = dict(first)
    for index, call in enumerate(calls):
        first.setdefault(home[call.output], index)
        for name in (*call.inputs, call.output):
            last[home[name]] = index
    return first, last | {home[name]: len(calls) - 1 for name in network.outputs}


def _sizes(network: IntegerNetwork, home: Mapping[str, str]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for name, place in home.items():
        sizes[place] = max(sizes.get(place, 0), network.tensors[name].bytes)
    return sizes


def _overlaps(
    calls: Sequence[Call], home: Mapping[str, str], first: Mapping[str, int], last: Mapping[str, int]
) -> tuple[Overlap, ...]:
    """A call's output may overlap an input that is read for the last time there."""
    found = []
    for index, call in enumerate(calls):
        output = home[call.output]
        if call.kernel.view or call.lead_bytes is None or first[output] != index:
            continue
        dying = {home[name] for name in call.inputs if last[home[name]] == index} - {output}
        found += [Overlap(output, name, call.lead_bytes) for name in sorted(dying)]
    return tuple(found)
