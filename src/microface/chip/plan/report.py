"""The plan: where everything will lie and what a run is estimated to cost, as plain data."""

from dataclasses import asdict, dataclass
from typing import Any

from microface.sizes import show_size


@dataclass(frozen=True)
class PlannedBuffer:
    """`bytes` at `offset` of the arena that hold something during the steps `first` .. `last`."""

    name: str
    kind: str
    bytes: int
    offset: int
    first: int
    last: int


@dataclass(frozen=True)
class Step:
    """One call of the C `function` ("" for a view), which runs the named `operators`.

    `inputs`, `output` and `scratch` are offsets in the arena (`scratch` None: the call needs none); `instructions`
    is an estimate; `table_bytes` are the call's constants in flash, `fetched_bytes` those of them that a DMA copies to
    RAM before the call.
    """

    name: str
    operators: tuple[str, ...]
    function: str
    inputs: tuple[int, ...]
    output: int
    output_bytes: int
    scratch: int | None
    macs: int
    instructions: int
    table_bytes: int
    fetched_bytes: int = 0


@dataclass(frozen=True)
class Line:
    """`bytes` of the memory `memory` for `what`."""

    memory: str
    what: str
    bytes: int


@dataclass(frozen=True)
class Shortage:
    """What does not fit: `bytes` are missing in the memory `memory` for `what`."""

    memory: str
    what: str
    bytes: int

    def __str__(self) -> str:
        return f"{self.memory} is {self.bytes} bytes ({show_size(self.bytes)}) short for {self.what}"


@dataclass(frozen=True)
class Plan:
    """A network on a target. Sizes in bytes; `instructions` and `milliseconds` (low, high) are estimates.

    `flash` and `ram` list everything that takes memory; `gallery` is the flash of enrolled people, which
    `flash_bytes` excludes. `arena_exact` says that no smaller arena exists for these steps; none can be smaller
    than `lower_bound_bytes`. `input_offsets` and `output_offsets` are places in it, in the network's order. `fits` is
    False where `shortages` has entries; `alternatives` names shipped models that would fit, `alternative_families`
    architectures to train.
    """

    network: str
    target: str
    steps: tuple[Step, ...]
    buffers: tuple[PlannedBuffer, ...]
    arena_memory: str
    arena_bytes: int
    arena_exact: bool
    lower_bound_bytes: int
    input_offsets: tuple[int, ...]
    output_offsets: tuple[int, ...]
    stack_bytes: int
    flash: tuple[Line, ...]
    ram: tuple[Line, ...]
    gallery: Line
    macs: int
    instructions: int
    milliseconds: tuple[float, float]
    milliseconds_from: str
    shortages: tuple[Shortage, ...] = ()
    alternatives: tuple[str, ...] = ()
    alternative_families: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Say whether every memory is large enough."""
        return not self.shortages

    @property
    def flash_bytes(self) -> int:
        """Flash of code and constants, without gallery and without what is reserved for the application."""
        return sum(line.bytes for line in self.flash if line.what != RESERVED)

    @property
    def table_bytes(self) -> int:
        """Flash of weights and arguments."""
        return sum(step.table_bytes for step in self.steps)

    @property
    def fetched(self) -> tuple[int, ...]:
        """The numbers, among the steps that have code, of those whose tables are fetched before them."""
        with_code = (step for step in self.steps if step.function)
        return tuple(number for number, step in enumerate(with_code) if step.fetched_bytes)

    def to_json(self) -> dict[str, Any]:
        """Return JSON-able values: bytes, counts, and every estimate under a name that says so."""
        value = asdict(self) | {"fits": self.fits, "flash_bytes": self.flash_bytes}
        value["estimated_instructions"] = value.pop("instructions")
        value["estimated_milliseconds"] = list(value.pop("milliseconds"))
        value["estimated_milliseconds_from"] = value.pop("milliseconds_from")
        return value


RESERVED = "reserved for the application"
