"""What a chip offers, read from `<name>/target.toml`: memories, clock, placement, named rules. Data only."""

import itertools
import platform
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from microface.errors import UserError
from microface.files import read_toml

FOLDER = Path(__file__).parent
_PAGE_BYTES = 1024

Bytes = Annotated[int, Field(gt=0, lt=2**32)]
Address = Annotated[int, Field(ge=0, lt=2**32)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Memory(_Frozen):
    """One bank: `[origin, origin + bytes)`.

    `flash` and `ram` are the core's own; `code` is RAM that boot fills and protects, so that the core reads and runs
    it; `external` is flash that the core does not address: a DMA copies from it; `device` is an accelerator's memory.
    Unmapped banks are there in silicon but unused (NULL faults).
    """

    name: str
    kind: Literal["flash", "ram", "code", "external", "device"]
    origin: Address
    bytes: Bytes
    mapped: bool = True
    null_bytes: Annotated[int, Field(ge=0)] = 0

    @property
    def end(self) -> int:
        """The first address after the bank."""
        return self.origin + self.bytes

    @property
    def addressed(self) -> bool:
        """Whether loads and stores of the core reach it."""
        return self.mapped and self.kind != "external"

    @property
    def read_only(self) -> bool:
        """Whether code may run there, and the core must not write."""
        return self.kind in ("flash", "code")

    def holds(self, address: int, size: int = 1) -> bool:
        """Tell whether all `size` bytes from `address` lie in this bank."""
        return self.origin <= address and address + size <= self.end

    @model_validator(mode="after")
    def _whole_pages(self) -> Self:
        if any(size % _PAGE_BYTES for size in (self.origin, self.bytes, self.null_bytes)):
            raise ValueError(f"memory {self.name}: origin, bytes and null_bytes are multiples of {_PAGE_BYTES}")
        return self


class Placement(_Frozen):
    """Where things go: memory names, the best first. Arena and stack lie in one bank each.

    Constants lie beside the code, but for the tables of layers where `weights` names an external memory: each layer's
    are fetched into one window of the RAM `window` before it runs.
    """

    code: str
    stack: str
    data: str
    arena: tuple[str, ...] = Field(min_length=1)
    weights: str = ""
    window: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All memories that are named."""
        return tuple(filter(None, (self.code, self.stack, self.data, *self.arena, self.weights, self.window)))

    @model_validator(mode="after")
    def _window_of_weights(self) -> Self:
        if bool(self.weights) != bool(self.window):
            raise ValueError("placement: weights and window are named together")
        return self


class GalleryFlash(_Frozen):
    """How the flash of the people is written: erased by sectors, programmed by units, two slots.

    Where the core does not address that flash, each slot is one sector, and its first `copied_bytes` have a copy in the
    RAM `copy`.
    """

    memory: str
    sector_bytes: Bytes
    unit_bytes: Bytes
    copy_in: Annotated[str, Field(alias="copy")] = ""
    copied_bytes: Annotated[int, Field(ge=0)] = 0

    def seen(self, flash_bytes: int) -> int:
        """Return how many of the `flash_bytes` of a slot or sector the core can read."""
        return min(flash_bytes, self.copied_bytes) if self.copy_in else flash_bytes

    @model_validator(mode="after")
    def _whole_units(self) -> Self:
        if self.sector_bytes % self.unit_bytes:
            raise ValueError("gallery: sector_bytes is a multiple of unit_bytes")
        if bool(self.copy_in) != bool(self.copied_bytes):
            raise ValueError("gallery: copy and copied_bytes are given together")
        if self.copied_bytes % self.unit_bytes or self.copied_bytes > self.sector_bytes:
            raise ValueError("gallery: copied_bytes is a multiple of unit_bytes, at most sector_bytes")
        return self


class Compiler(_Frozen):
    """What the two compilers are told: `zig_target` and `mcpu` for ziglang, `gcc_flags` for the core's gcc."""

    zig_target: str = ""
    mcpu: str
    gcc_flags: tuple[str, ...] = ()


class Timing(_Frozen):
    """What millisecond estimates stand on; `cycles_per_instruction` is (low, high) with its `source`."""

    clock_hz: Annotated[int, Field(gt=0)]
    flash_wait_states: Annotated[int, Field(ge=0)] = 0
    cycles_per_instruction: tuple[float, float]
    source: str


class Rule(_Frozen):
    """A named limit: the formula stands under `name` in `chip/plan`, `value` is allowed, `sentence` tells people."""

    name: str
    value: int | bool | str
    sentence: str


class Target(_Frozen):
    """A chip, or the host. `features` names instruction sets that kernels may need, e.g. `dsp`.

    `accelerator` names the planner of a chip that runs networks in hardware; "" where it has none.
    """

    name: str
    title: str
    kind: Literal["cortex-m", "riscv", "host"]
    cpu: str
    emulator_cpu: str = ""
    features: frozenset[str] = frozenset()
    accelerator: str = ""
    memories: tuple[Memory, ...] = Field(min_length=1)
    placement: Placement
    gallery: GalleryFlash
    compiler: Compiler
    timing: Timing
    rules: tuple[Rule, ...] = ()

    @classmethod
    def load(cls, name: str) -> "Target":
        """Return the shipped target `name`; an unknown name or a wrong file is a `UserError`."""
        if name not in cls.names():
            raise UserError(name, "is not a target", f"choose one of {', '.join(cls.names())}")
        return _load_shipped(name)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all shipped targets, sorted; the TEMPLATE is none."""
        found = (path.parent.name for path in FOLDER.glob("*/target.toml"))
        return tuple(sorted(name for name in found if name.islower()))

    @classmethod
    def read(cls, path: Path) -> "Target":
        """Return the target in the file `path`; every mistake in it is told by field and reason."""
        try:
            return cls.model_validate(read_toml(path))
        except ValidationError as error:
            raise UserError(path, _first_mistake(error), "compare it with TEMPLATE/target.toml") from error

    def memory(self, name: str) -> Memory:
        """Return the bank `name`."""
        for bank in self.memories:
            if bank.name == name:
                return bank
        raise UserError(self.name, f"has no memory {name}", f"use one of {self._memory_names()}")

    def memory_at(self, address: int) -> Memory | None:
        """Return the bank that holds `address` for the core, or None."""
        return next((bank for bank in self.memories if bank.addressed and bank.holds(address)), None)

    def rule(self, name: str) -> Rule | None:
        """Return the rule `name`, or None where this chip does not have it."""
        return next((rule for rule in self.rules if rule.name == name), None)

    @property
    def flash_bytes(self) -> int:
        """All flash of the chip or beside it, the gallery's sectors included."""
        return sum(bank.bytes for bank in self.memories if bank.kind in ("flash", "external"))

    @property
    def ram_bytes(self) -> int:
        """All mapped RAM of the chip; no single buffer can be larger than its largest bank."""
        return sum(bank.bytes for bank in self.ram)

    @property
    def ram(self) -> tuple[Memory, ...]:
        """The mapped banks of RAM, in the file's order."""
        return tuple(bank for bank in self.memories if bank.kind == "ram" and bank.mapped)

    def _memory_names(self) -> str:
        return ", ".join(bank.name for bank in self.memories)

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for name in filter(None, (*self.placement.names, self.gallery.memory, self.gallery.copy_in)):
            if name not in {bank.name for bank in self.memories if bank.mapped}:
                raise ValueError(f"placement names the memory {name}, which is not mapped here")
        if self.memory(self.gallery.memory).bytes % self.gallery.sector_bytes:
            raise ValueError("gallery: its memory is not a whole number of sectors")
        return self

    @model_validator(mode="after")
    def _banks_are_apart(self) -> Self:
        banks = sorted(self.memories, key=lambda bank: bank.origin)
        for first, second in itertools.pairwise(banks):
            if first.end > second.origin:
                raise ValueError(f"memories {first.name} and {second.name} overlap")
        return self


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors()[0]
    place = ".".join(str(part) for part in mistake["loc"]) or "file"
    told = {"extra_forbidden": "is not known", "missing": "is missing"}
    return f"field {place}: {told.get(mistake['type'], mistake['msg'])}"


@cache
def _load_shipped(name: str) -> Target:
    target = Target.read(FOLDER / name / "target.toml")
    if target.kind != "host":
        return target
    return target.model_copy(update={"features": target.features | host_features()})


def host_features() -> frozenset[str]:
    """Return what this machine's processor adds to portable C: `avx2` on x86-64 that has it, else nothing."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return frozenset()
    return frozenset({"avx2"}) & cpu_flags()


@cache
def cpu_flags() -> frozenset[str]:
    """Return the processor's feature flags as Linux lists them; empty where it does not."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    flags = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(flags, "").split())
