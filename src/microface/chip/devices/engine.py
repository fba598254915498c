"""The processor of an emulated chip: unicorn with exact memories, its registers, and what stops it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microface.chip.cores import Stop, core_of
from microface.chip.devices.alignment import AlignmentCheck
from microface.chip.devices.counter import BlockCounter, Counts
from microface.chip.devices.data_pages import DataPages, outside_ram, ram_of
from microface.chip.devices.faults import Surroundings
from microface.chip.devices.memory import Banks
from microface.chip.targets import Target
from microface.errors import UserError

# Calls return to an address that no chip here has, where code may run (above 0xA0000000 nothing may).
RETURN = 0x9FFFF000
_PAGE = 4096
_ACCESSES = {19: "read", 20: "write", 21: "execution", 22: "write", 23: "read", 24: "execution"}

Service = Callable[[int], bool]


class Processor:
    """Runs code from an entry to its return or to a service that ends the run; a fault is raised as `ChipFault`.

    `service` answers what the firmware asks of the emulator: it gets the pc and returns whether the run goes on.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        service: Service,
        check_alignment: bool,
    ) -> None:
        target, self._surroundings, self._service = surroundings.target, surroundings, service
        self.core, self._engine = core_of(target), _open(target)
        self._registers = self.core.registers
        self._data = DataPages(self._engine, target, self.core.condition)
        self.memory = Banks(self._engine, target)
        self.memory.load(surroundings.firmware.segments)
        code = target.memory(target.placement.code)
        # Tables as long as the code, not as the flash: they are summed up after every call.
        size = -(-(surroundings.firmware.code_end - code.origin) // 4) * 4
        place = (code.origin, self.memory.bank(code.name)[:size])
        self._counter = BlockCounter(self._engine, *place, self.core.opens_long)
        wide = self.core.wide_accesses(place[1]) if check_alignment else None
        self._alignment = AlignmentCheck(self._engine, code.origin, wide) if wide else None
        self._stop: Exception | None = None
        self._returned = False
        self._connect()

    def _connect(self) -> None:
        import unicorn

        self.core.connect(self._engine)
        self._engine.hook_add(unicorn.UC_HOOK_INTR, self._on_exception)
        self._engine.hook_add(unicorn.UC_HOOK_INSN_INVALID, self._on_invalid)
        for begin, end in outside_ram(self._surroundings.target):
            self._engine.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_bad_access, None, begin, end)

    def map_registers(self, address: int, read: Callable[[int], int], write: Callable[[int, int], None]) -> None:
        """Let a page of 32-bit registers from `address` be read and written through functions of the offset."""

        def on_write(_engine: Any, offset: int, _size: int, value: int, _data: object) -> None:
            try:
                write(offset, value)
            except Exception as error:
                self._stop_with(error, self._pc)

        self._engine.mmio_map(address, _PAGE, lambda _e, offset, _s, _d: read(offset), None, on_write, None)

    def go(self, entry: int, stack_pointer: int, max_instructions: int) -> Counts:
        """Run from `entry` and return the exact counts; raise `ChipFault` or `PowerCut` where that ends it."""
        self._counter.restart()
        # No instruction has more than two half-words: twice the limit is surely past it.
        self._counter.allow(2 * max_instructions)
        self._stop, self._returned = None, False
        if self._alignment is not None:
            self._alignment.restart()
        self._leave_condition()
        self._set(self._registers.stack, stack_pointer)
        self._set(self._registers.link, self.core.code_address(RETURN))
        self._start(entry)
        self._look_what_stopped(max_instructions)
        if self._stop is not None:
            raise self._stop
        return self.counts()

    def _leave_condition(self) -> None:
        # A run that a fault ended inside conditional code left its place there, and a call begins outside any.
        register, bits = self.core.condition
        if bits:
            self._set(register, self._get(register) & ~bits)

    def _look_what_stopped(self, max_instructions: int) -> None:
        if self._stop is not None:
            return
        if self._counter.stopped_at is not None:
            self._fail(f"endless loop (more than {max_instructions:,} instructions)", self._counter.stopped_at)
        if self._alignment is not None and self._alignment.found is not None:
            self._fail("unaligned multi-word access", *self._alignment.found)
        if self._stop is None and not self._returned and self._pc & ~1 != RETURN:
            # Waiting for an interrupt ends a run without an error, and no interrupt ever comes.
            self._fail("stop (nothing wakes the core)", self._pc)

    def _start(self, entry: int) -> None:
        import unicorn

        try:
            self._engine.emu_start(self.core.code_address(entry), RETURN)
        except unicorn.UcError as error:
            if self._stop is None and not self._returned:
                self._fail_without_hook(error, self._pc)

    def _fail_without_hook(self, error: Exception, pc: int) -> None:
        """No hook sees code in RAM: its page is data, so that its instructions cannot be fetched."""
        if any(bank.holds(pc) for bank in ram_of(self._surroundings.target)):
            self._stop_with(self._surroundings.access_fault("execution", pc, pc, 2, self._stack_pointer), pc)
        else:
            self._fail(f"stop ({error})", pc)

    def counts(self) -> Counts:
        """Return the counts of the newest run, up to the fault where there was one."""
        return self._counter.counts(self._surroundings.firmware)

    def executed(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the addresses of all instructions that the newest run executed, and how often each ran."""
        return self._counter.per_instruction()

    def arguments(self, count: int) -> list[int]:
        """Return the first `count` arguments of a call or service, unsigned."""
        return [self._get(register) for register in self._registers.arguments[:count]]

    def give_arguments(self, words: Sequence[int]) -> list[int]:
        """Put unsigned `words` where a call wants its arguments; return those that go on the stack."""
        for register, word in zip(self._registers.arguments, words, strict=False):
            self._set(register, word)
        return list(words[len(self._registers.arguments) :])

    @property
    def result(self) -> int:
        """What a call gives back, unsigned; set it to answer a service."""
        return self._get(self._registers.arguments[0])

    @result.setter
    def result(self, value: int) -> None:
        self._set(self._registers.arguments[0], value)

    @property
    def _pc(self) -> int:
        return self._get(self._registers.pc)

    @property
    def _stack_pointer(self) -> int:
        return self._get(self._registers.stack)

    def _get(self, register: int) -> int:
        return int(self._engine.reg_read(register))

    def _set(self, register: int, value: int) -> None:
        self._engine.reg_write(register, value)

    def _fail(self, kind: str, pc: int, address: int | None = None) -> None:
        self._stop_with(self._surroundings.fault(kind, pc, pc if address is None else address), pc)

    def _stop_with(self, reason: Exception, pc: int) -> None:
        # The engine's own error would hide an exception raised in a hook: keep the first reason until it is back.
        if self._stop is None:
            self._stop = reason
            self._counter.cut_last_block(pc)
        self._engine.emu_stop()

    def _on_exception(self, engine: Any, number: int, _data: object) -> None:
        self._stop_at(engine, self.core.stop_by_exception(number, self._pc, self.memory.read))

    def _on_invalid(self, engine: Any, _data: object) -> bool:
        self._stop_at(engine, self.core.stop_by_invalid(self._pc, self.memory.read))
        return False

    def _stop_at(self, engine: Any, stop: Stop) -> None:
        if stop.kind is None:
            self._serve(engine, stop)
        else:
            self._fail(stop.kind, stop.pc)

    def _serve(self, engine: Any, stop: Stop) -> None:
        try:
            goes_on = self._service(stop.pc)
        except Exception as error:
            self._stop_with(error, stop.next_pc)
            return
        self._set(self._registers.pc, self.core.code_address(stop.next_pc))
        if not goes_on:
            self._returned = True
            engine.emu_stop()

    def _on_bad_access(self, engine: Any, access: int, address: int, size: int, _value: int, _data: object) -> bool:
        pc = self._pc
        if address == RETURN and _ACCESSES.get(access) == "execution":
            self._returned = True
            engine.emu_stop()
            return False
        kind = _ACCESSES.get(access, f"access {access}")
        self._stop_with(self._surroundings.access_fault(kind, pc, address, size, self._stack_pointer), pc)
        return False


def _open(target: Target) -> Any:
    if not target.emulator_cpu:
        raise UserError(target.name, "has no emulator", "choose a chip, or run the host library")
    return core_of(target).open(target.emulator_cpu)
