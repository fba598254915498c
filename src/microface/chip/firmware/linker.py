"""Linker script and start-up code of a chip, rendered from its target and the plan's sizes."""

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from microface.chip.cores import core_of
from microface.chip.targets import Memory, Target
from microface.errors import UserError


@dataclass(frozen=True)
class LinkLayout:
    """Sizes in bytes that a linker script needs; `arena_memory` "" takes the first bank where the arena fits.

    `arena_address` overrules the place at the end of the bank; a test of the real limits moves it there. `fetched` has
    the numbers of the calls whose tables are fetched before they run.
    """

    stack_bytes: int
    arena_bytes: int
    arena_memory: str = ""
    gallery_slot_bytes: int = 0
    arena_address: int | None = None
    reserved_bytes: int = 0
    fetched: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.stack_bytes <= 0 or self.stack_bytes % 8:
            raise UserError(f"stack of {self.stack_bytes} bytes", "is no stack", "give a multiple of 8 above 0")


def gallery_region(target: Target, slot_bytes: int) -> tuple[int, int]:
    """Return (address, bytes) of both gallery slots, whole sectors at the end of their flash."""
    sector = target.gallery.sector_bytes
    total = 2 * (-(-slot_bytes // sector) * sector)
    return target.memory(target.gallery.memory).end - total, total


def arena_bank(target: Target, layout: LinkLayout) -> Memory:
    """Return the bank of the arena: the named one, or the first in preference that holds it beside stack."""
    if layout.arena_memory:
        return target.memory(layout.arena_memory)
    banks = [target.memory(name) for name in target.placement.arena]
    fitting = [bank for bank in banks if arena_address(target, bank, layout) >= _first_free(target, bank, layout)]
    if fitting:
        return fitting[0]
    largest = max(bank.end - _first_free(target, bank, layout) for bank in banks)
    short = layout.arena_bytes - largest
    raise UserError(target.name, f"has no RAM bank for the arena: {short} bytes short", "take a smaller network")


def arena_address(target: Target, bank: Memory, layout: LinkLayout) -> int:
    """Return where the arena begins: as far up as its alignment and size let it."""
    if layout.arena_address is not None:
        return layout.arena_address
    rule = target.rule("arena_alignment")
    return (bank.end - layout.arena_bytes) // int(rule.value if rule else 16) * int(rule.value if rule else 16)


def _first_free(target: Target, bank: Memory, layout: LinkLayout) -> int:
    stack = layout.stack_bytes if bank.name == target.placement.stack else 0
    return bank.origin + stack + (layout.reserved_bytes if bank.name == target.placement.data else 0)


def linker_script(target: Target, layout: LinkLayout) -> str:
    """Return the linker script of `target`; the arena is what C puts into the section `.arena`.

    Symbols: mf_stack_bottom/top, mf_data_*, mf_bss_*, mf_arena_start/end; mf_gallery_start/end, where the core reads
    the people, and mf_gallery_flash_start/end, where they are kept; where tables are fetched mf_window_start/end, and
    mf_tables_<call>_start/end in their flash.
    """
    bank = arena_bank(target, layout)
    address, gallery_bytes = gallery_region(target, layout.gallery_slot_bytes)
    return _render(
        "link.ld.j2",
        target=target,
        place=target.placement,
        null_bytes=target.memory(target.placement.code).null_bytes,
        stack_bytes=layout.stack_bytes,
        arena=bank,
        arena_bytes=layout.arena_bytes,
        arena_address=arena_address(target, bank, layout),
        gallery_address=address,
        gallery_bytes=gallery_bytes,
        gallery_seen=2 * target.gallery.seen(gallery_bytes // 2),
        fetched=layout.fetched,
        tables_address=_tables_address(target) if layout.fetched else 0,
        window=_window(target, layout, bank) if layout.fetched else (0, 0),
    )


def _tables_address(target: Target) -> int:
    """Return where fetched tables begin in their flash: behind what boot copies to the code's memory."""
    place = target.placement
    return target.memory(place.weights).origin + target.memory(place.code).bytes


def _window(target: Target, layout: LinkLayout, arena: Memory) -> tuple[int, int]:
    """Return (address, end) of what fetched tables may take: their bank between the people's copy and the arena."""
    bank, gallery = target.memory(target.placement.window), target.gallery
    people = 2 * gallery.seen(layout.gallery_slot_bytes) if gallery.copy_in == bank.name else 0
    return bank.origin + people, arena_address(target, arena, layout) if arena == bank else bank.end


def startup_code(target: Target) -> str:
    """Return the C of vectors and Reset_Handler, which sets up core and memory and calls `main`."""
    return _render(core_of(target).startup, target=target)


def _render(template: str, **values: object) -> str:
    return _templates().get_template(template).render(**values)


@cache
def _templates() -> Environment:
    loader = PackageLoader("microface.chip.firmware", "templates")
    return Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
