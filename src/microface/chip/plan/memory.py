"""Which bank holds what, how much flash is taken, and what is short."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from microface.chip.plan.report import RESERVED, Line, Shortage, Step
from microface.chip.targets import Memory, Target

STACK_BYTES = 4096
"""Stack of a planned firmware; what a build really uses is measured on the emulated chip."""
DATA_BYTES = 512
"""Variables of the runtime outside the arena: an estimate above what is measured."""
CODE_BASE_BYTES = 13 * 1024
CODE_PER_FUNCTION_BYTES = 2 * 1024
"""Code: start-up, gallery, scores and self-test, and each kernel. Estimates above what is measured."""


@dataclass(frozen=True)
class Wish:
    """What is to be placed: arena, stack, and RAM and flash that the application keeps for itself."""

    arena_bytes: int
    stack_bytes: int
    reserve_flash: int
    reserve_ram: int


@dataclass(frozen=True)
class Layout:
    """The arena's bank, all lines of RAM, and what is short."""

    arena_memory: str
    ram: tuple[Line, ...]
    shortages: tuple[Shortage, ...]


def lay_out_ram(target: Target, wish: Wish, more: tuple[Line, ...] = ()) -> Layout:
    """Put stack, data, arena and reserve into banks; the arena takes the first bank of the target's list that fits.

    `more` are lines whose banks are known.
    """
    stack, data = target.placement.stack, target.placement.data
    fixed = (Line(stack, "stack", wish.stack_bytes), Line(data, "data", DATA_BYTES), *more)
    layouts = [_with_arena_in(target, wish, fixed, target.memory(name)) for name in target.placement.arena]
    fitting = [layout for layout in layouts if not layout.shortages]
    return fitting[0] if fitting else min(layouts, key=lambda each: sum(short.bytes for short in each.shortages))


def _with_arena_in(target: Target, wish: Wish, fixed: tuple[Line, ...], bank: Memory) -> Layout:
    lines = (*fixed, Line(bank.name, "arena", wish.arena_bytes))
    missing = -free_bytes(bank, lines)
    if missing > 0:
        return Layout(bank.name, lines, (Shortage(bank.name, "the arena", missing),))
    if not wish.reserve_ram:
        return Layout(bank.name, lines, ())
    roomiest = max(target.ram, key=lambda each: free_bytes(each, lines))
    missing = wish.reserve_ram - free_bytes(roomiest, lines)
    short = (Shortage(roomiest.name, f"RAM {RESERVED}", missing),) if missing > 0 else ()
    return Layout(bank.name, (*lines, Line(roomiest.name, RESERVED, wish.reserve_ram)), short)


def free_bytes(bank: Memory, lines: Sequence[Line]) -> int:
    """Return what `lines` leave of `bank`; negative where they do not fit."""
    return bank.bytes - sum(line.bytes for line in lines if line.memory == bank.name)


def fetch_lines(target: Target, steps: Sequence[Step], slot_bytes: int) -> tuple[Line, ...]:
    """Return the RAM that stands in for flash which the core does not address: one layer's weights, the people."""
    window, people = target.placement.window, target.gallery.copy_in
    most = max((step.fetched_bytes for step in steps), default=0)
    lines = (Line(window, "weights of one layer", most),) if window else ()
    return (*lines, Line(people, "copy of the people", 2 * target.gallery.seen(slot_bytes))) if people else lines


def lay_out_flash(target: Target, steps: Sequence[Step], reserve: int) -> tuple[Line, ...]:
    """Return code, constants and reserve in flash."""
    functions = {step.function for step in steps if step.function}
    code = CODE_BASE_BYTES + CODE_PER_FUNCTION_BYTES * len(functions)
    tables = sum(step.table_bytes for step in steps)
    flash, weights = target.placement.code, target.placement.weights or target.placement.code
    lines = (Line(flash, "code (estimate)", code), Line(weights, "weights and tables", tables))
    return (*lines, Line(flash, RESERVED, reserve)) if reserve else lines


def gallery_line(target: Target, slot_bytes: int) -> Line:
    """Return the two gallery slots of whole sectors, each at least `slot_bytes`."""
    sector, wanted = target.gallery.sector_bytes, target.gallery.seen(slot_bytes)
    return Line(target.gallery.memory, "gallery, two slots", 2 * max(-(-wanted // sector), 1) * sector)


def flash_shortage(target: Target, lines: Sequence[Line]) -> tuple[Shortage, ...]:
    """Return what is short in flash, gallery included in `lines`."""
    return tuple(_flash_shortages(target, lines))


def _flash_shortages(target: Target, lines: Sequence[Line]) -> Iterator[Shortage]:
    for name in dict.fromkeys(line.memory for line in lines):
        missing = -free_bytes(target.memory(name), lines)
        if missing > 0:
            yield Shortage(name, "code, weights and gallery" if name == target.gallery.memory else "code", missing)
