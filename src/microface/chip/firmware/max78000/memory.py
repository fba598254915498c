"""Flash and RAM of the Cortex-M4 beside the accelerator: tables to the byte, code as estimates above what is measured.

The weights lie in flash as the words that the accelerator is loaded with, the gallery behind them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from microface.chip.firmware.max78000.data import output_places, runs, words_of
from microface.chip.firmware.max78000.input import input_groups
from microface.chip.firmware.max78000.kernels import COLUMN_BYTES
from microface.chip.plan import Line, Shortage
from microface.chip.plan.max78000 import AcceleratorPlan
from microface.chip.plan.max78000.workload import passes
from microface.chip.plan.memory import STACK_BYTES, Wish, flash_shortage, gallery_line, lay_out_ram
from microface.chip.plan.planner import GALLERY_SLOT_BYTES
from microface.chip.plan.report import RESERVED
from microface.chip.targets import Target
from microface.errors import UserError
from microface.network import IntegerNetwork

_ALIGNMENT = 16
_CODE, _CODE_OF_PEOPLE, _CODE_OF_APPLICATION, _CODE_OF_WAKE = 2048, 11 * 1024, 7 * 1024, 1024
"""Bytes of code and its constants: start-up and accelerator, crop, scores and gallery, frames and votes, a network in
front. Each is above what is measured; a test holds them to builds."""


@dataclass(frozen=True)
class Extras:
    """What stands beside the networks: people, the `frame_bytes` that an application keeps (None: none), reserves."""

    people: bool = False
    frame_bytes: int | None = None
    reserve_flash: int = 0
    reserve_ram: int = 0


@dataclass(frozen=True)
class ProcessorMemory:
    """Everything that takes the processor's memory, and what is short; bytes."""

    flash: tuple[Line, ...]
    ram: tuple[Line, ...]
    gallery: Line
    shortages: tuple[Shortage, ...]

    @property
    def fits(self) -> bool:
        """Say whether flash and RAM are large enough."""
        return not self.shortages

    @property
    def lines(self) -> tuple[Line, ...]:
        """All of it in the order of a table."""
        return (*self.flash, self.gallery, *self.ram)

    def require(self, name: str, target: Target) -> None:
        """Raise a `UserError` that tells what `name` has and what `target` allows, where it does not fit."""
        if self.fits:
            return
        bank = target.memory(self.shortages[0].memory)
        have = sum(line.bytes for line in self.lines if line.memory == bank.name)
        reason = f"takes {have:,} bytes of {bank.name}, allowed {bank.bytes:,}: {self.shortages[0]}"
        raise UserError(f"{name} on {target.name}", reason, "reserve less, use fewer bits, or take a smaller network")

    def to_json(self) -> dict[str, Any]:
        """Return JSON-able values under the names that a processor's plan has."""
        total = sum(line.bytes for line in self.flash if line.what != RESERVED)
        return asdict(self) | {"fits": self.fits, "flash_bytes": total}


def processor_memory(plans: Sequence[AcceleratorPlan], target: Target, extras: Extras) -> ProcessorMemory:
    """Return what the networks of `plans`, which take turns, and `extras` take; the first one has the known answer."""
    flash = (*_flash(plans, target, extras), *_reserved(target, extras))
    gallery = gallery_line(target, GALLERY_SLOT_BYTES)
    wish = Wish(arena_bytes(plans[0].network), STACK_BYTES, extras.reserve_flash, extras.reserve_ram)
    part = (Line(target.placement.data, "part of a frame", extras.frame_bytes),) if extras.frame_bytes else ()
    ram = lay_out_ram(target, wish, part)
    return ProcessorMemory(flash, ram.ram, gallery, (*ram.shortages, *flash_shortage(target, (*flash, gallery))))


def arena_bytes(network: IntegerNetwork) -> int:
    """Return the RAM of input and output."""
    return aligned(network.input.bytes) + aligned(network.output.bytes)


def aligned(size: int) -> int:
    """Return `size` rounded up to where a buffer may begin."""
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _flash(plans: Sequence[AcceleratorPlan], target: Target, extras: Extras) -> Iterator[Line]:
    code = _CODE + (_CODE_OF_PEOPLE if extras.people else 0) + _CODE_OF_WAKE * (len(plans) - 1)
    code += _CODE_OF_APPLICATION if extras.frame_bytes is not None else 0
    yield Line(target.placement.code, "code (estimate)", code)
    for plan in plans:
        what = "weights and biases" if plan is plans[0] else f"those of {plan.name}"
        yield Line(target.placement.code, what, 4 * weight_words(plan) + plan.bias_bytes)
    yield Line(target.placement.code, "known answer", 4 * (input_words(plans[0]) + output_words(plans[0])))


def _reserved(target: Target, extras: Extras) -> tuple[Line, ...]:
    return (Line(target.placement.code, RESERVED, extras.reserve_flash),) if extras.reserve_flash else ()


def weight_words(plan: AcceleratorPlan) -> int:
    """Return the words of the table of weights: neighbouring columns of a processor are one block with two more."""
    return 1 + sum(2 + -(-length * COLUMN_BYTES // 4) for length in _blocks(plan))


def _blocks(plan: AcceleratorPlan) -> Iterator[int]:
    """Yield the columns of each block that is loaded."""
    for processor in range(len(plan.column_loads)):
        using = (each for each in plan.layers if each.columns and each.processors >> processor & 1)
        parts = sorted((each.first_column, each.columns) for each in using)
        gaps = [i for i, (one, two) in enumerate(pairwise(parts), 1) if sum(one) != two[0]]
        for first, end in pairwise([0, *gaps, len(parts)]):
            if end > first:
                yield sum(length for _, length in parts[first:end])


def input_words(plan: AcceleratorPlan) -> int:
    """Return the words of the known answer's input: blocks of an address, a number and so many words."""
    first = plan.layers[0]
    rows, columns, channels = first.layer.source
    groups, pixels = len(input_groups(first)), rows * columns
    if first.streaming:
        return 1 + (3 * pixels * groups if groups > 1 else 2 + pixels)
    # Rounds of 64 channels lie word by word beside each other: one block.
    return 1 + 2 * groups // passes(channels) + groups * (-(-pixels // 4) if first.planar else pixels)


def output_words(plan: AcceleratorPlan) -> int:
    """Return the words of the known answer's output: blocks of an address, a mask, a number and so many words."""
    last = plan.layers[-1]
    values = np.zeros(last.layer.result, np.int32 if last.layer.wide else np.int8)
    return 1 + sum(3 + len(words) for _, _, words in runs(words_of(values, output_places(last))))
