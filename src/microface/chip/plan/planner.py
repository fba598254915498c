"""From network and target to a plan."""

from collections.abc import Iterator, Sequence

from microface.chip.plan.calls import Call, Choose, list_calls
from microface.chip.plan.kernels import choose as choose_kernel
from microface.chip.plan.lifetimes import Lifetimes, lifetimes
from microface.chip.plan.memory import (
    STACK_BYTES,
    Wish,
    fetch_lines,
    flash_shortage,
    gallery_line,
    lay_out_flash,
    lay_out_ram,
)
from microface.chip.plan.placement import Placement, place, round_up
from microface.chip.plan.report import Plan, PlannedBuffer, Step
from microface.chip.plan.timing import milliseconds, milliseconds_from
from microface.chip.targets import Target
from microface.network.network import IntegerNetwork
from microface.network.passes import on_processor

GALLERY_SLOT_BYTES = 32 * 1024
"""Room for the people: about 250 templates of 128 values, or one sector where that is larger."""
BUFFER_ALIGNMENT = 16
"""Every buffer begins at a multiple of this in the arena; kernels ask for 4."""
_POINTER_BYTES = 4


def plan(
    network: IntegerNetwork,
    target: Target,
    reserve_flash: int = 0,
    reserve_ram: int = 0,
    choose: Choose = choose_kernel,
    stack_bytes: int = STACK_BYTES,
    gallery_slot_bytes: int = GALLERY_SLOT_BYTES,
) -> Plan:
    """Return the plan of `network` on `target`; one that does not fit says in `shortages` what is missing.

    `reserve_flash` and `reserve_ram` bytes stay free for the application.
    """
    network = on_processor.apply(network)
    calls = list_calls(network, target.features, choose)
    lives = lifetimes(network, calls)
    placement = place(lives, BUFFER_ALIGNMENT)
    arena_bytes = round_up(placement.bytes, arena_alignment(target))
    steps = tuple(_steps(calls, lives, placement, fetched=bool(target.placement.weights)))
    flash, gallery = lay_out_flash(target, steps, reserve_flash), gallery_line(target, gallery_slot_bytes)
    stand_ins = fetch_lines(target, steps, gallery.bytes // 2)
    ram = lay_out_ram(target, Wish(arena_bytes, stack_bytes, reserve_flash, reserve_ram), stand_ins)
    instructions = sum(step.instructions for step in steps)
    return Plan(
        network=network.name,
        target=target.name,
        steps=steps,
        buffers=tuple(_buffers(lives, placement)),
        arena_memory=ram.arena_memory,
        arena_bytes=arena_bytes,
        arena_exact=placement.exact,
        lower_bound_bytes=placement.lower_bound,
        input_offsets=tuple(placement.offsets[lives.home[name]] for name in network.inputs),
        output_offsets=tuple(placement.offsets[lives.home[name]] for name in network.outputs),
        stack_bytes=stack_bytes,
        flash=flash,
        ram=ram.ram,
        gallery=gallery,
        macs=network.macs,
        instructions=instructions,
        milliseconds=milliseconds(instructions, target),
        milliseconds_from=milliseconds_from(target),
        shortages=(*ram.shortages, *flash_shortage(target, (*flash, gallery))),
    )


def arena_alignment(target: Target) -> int:
    """Return the bytes that the arena's begin and size are multiples of."""
    rule = target.rule("arena_alignment")
    return int(rule.value) if rule else 16


def _steps(calls: Sequence[Call], lives: Lifetimes, placement: Placement, fetched: bool) -> Iterator[Step]:
    for call in calls:
        tables = [-(-table.nbytes // 4) * 4 for table in call.kernel.pack(call.first, call.network).values()]
        yield Step(
            name=call.name,
            operators=tuple(operator.name for operator in call.operators),
            function=call.kernel.function,
            inputs=tuple(placement.offsets[lives.home[name]] for name in call.inputs),
            output=placement.offsets[lives.home[call.output]],
            output_bytes=call.network.tensors[call.output].bytes,
            scratch=placement.offsets.get(f"scratch of {call.name}"),
            macs=call.macs,
            instructions=call.instructions,
            table_bytes=sum(tables) + _arguments_bytes(call, len(tables)),
            fetched_bytes=sum(tables) if fetched else 0,
        )


def _arguments_bytes(call: Call, tables: int) -> int:
    """Return the bytes of the call's argument struct, taken as one word per member."""
    return _POINTER_BYTES * (tables + len(call.kernel.fields(call.first, call.network)))


def _buffers(lives: Lifetimes, placement: Placement) -> Iterator[PlannedBuffer]:
    for each in lives.buffers:
        yield PlannedBuffer(each.name, each.kind, each.bytes, placement.offsets[each.name], each.first, each.last)
