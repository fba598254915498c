"""The processor of an emulated chip: unicorn with exact memories, its registers, and what stops it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from microface.chip.devices.alignment import AlignmentCheck
from microface.chip.devices.counter import BlockCounter, Counts
from microface.chip.devices.data_pages import DataPages, outside_ram, ram_of
from microface.chip.devices.faults import Surroundings
from microface.chip.devices.memory import Banks
from microface.chip.targets import Target
from microface.errors import UserError

BREAKPOINT_SERVICE = b"\xab\xbe"  # BKPT 0xAB
# Calls return to an address that no chip here has, where code may run (above 0xA0000000 nothing may).
RETURN = 0x9FFFF000
_SYSTEM_CONTROL = 0xE000E000
_PAGE = 4096
_IT_BITS = 0x0600FC00
_ACCESSES = {19: "read", 20: "write", 21: "execution", 22: "write", 23: "read", 24: "execution"}
_EXCEPTIONS = {1: "undefined instruction", 2: "supervisor call", 3: "execution outside memory", 7: "breakpoint"}

Service = Callable[[int], bool]


class Processor:
    """Runs code from an entry to its return or to a service that ends the run; a fault is raised as `ChipFault`.

    `service` answers BKPT 0xAB: it gets the pc and returns whether the run goes on behind it.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        service: Service,
        check_alignment: bool,
    ) -> None:
        target, self._surroundings, self._service = surroundings.target, surroundings, service
        self._engine, self._registers = _open(target)
        self._data = DataPages(self._engine, target)
        self.memory = Banks(self._engine, target)
        self.memory.load(surroundings.firmware.segments)
        code = target.memory(target.placement.code)
        # Tables as long as the code, not as the flash: they are summed up after every call.
        size = -(-(surroundings.firmware.code_end - code.origin) // 4) * 4
        place = (code.origin, self.memory.bank(code.name)[:size])
        self._counter = BlockCounter(self._engine, *place)
        self._alignment = AlignmentCheck(self._engine, *place) if check_alignment else None
        self._control = np.zeros(_PAGE, np.uint8)
        self._stop: Exception | None = None
        self._returned = False
        self._connect()

    def _connect(self) -> None:
        import unicorn

        self._engine.mmio_map(_SYSTEM_CONTROL, _PAGE, self._read_control, None, self._write_control, None)
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
                self._stop_with(error, self.get("PC"))

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
        self.set("SP", stack_pointer)
        self.set("LR", RETURN | 1)
        self._start(entry)
        self._look_what_stopped(max_instructions)
        if self._stop is not None:
            raise self._stop
        return self.counts()

    def _leave_condition(self) -> None:
        # A run that a fault ended inside an IT block left its place there, and a call begins outside any.
        self.set("CPSR", self.get("CPSR") & ~_IT_BITS)

    def _look_what_stopped(self, max_instructions: int) -> None:
        if self._stop is not None:
            return
        if self._counter.stopped_at is not None:
            self._fail(f"endless loop (more than {max_instructions:,} instructions)", self._counter.stopped_at)
        if self._alignment is not None and self._alignment.found is not None:
            self._fail("unaligned multi-word access", *self._alignment.found)

    def _start(self, entry: int) -> None:
        import unicorn

        try:
            self._engine.emu_start(entry | 1, RETURN)
        except unicorn.UcError as error:
            if self._stop is None and not self._returned:
                self._fail_without_hook(error, self.get("PC"))

    def _fail_without_hook(self, error: Exception, pc: int) -> None:
        """No hook sees code in RAM: its page is data, so that its instructions cannot be fetched."""
        if any(bank.holds(pc) for bank in ram_of(self._surroundings.target)):
            self._stop_with(self._surroundings.access_fault("execution", pc, pc, 2, self.get("SP")), pc)
        else:
            self._fail(f"stop ({error})", pc)

    def counts(self) -> Counts:
        """Return the counts of the newest run, up to the fault where there was one."""
        return self._counter.counts(self._surroundings.firmware)

    def executed(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the addresses of all instructions that the newest run executed, and how often each ran."""
        return self._counter.per_instruction()

    def get(self, register: str) -> int:
        """Return a register: R0 to R3, SP, LR, PC or CPSR."""
        return int(self._engine.reg_read(self._registers[register]))

    def set(self, register: str, value: int) -> None:
        """Set a register: R0 to R3, SP, LR, PC or CPSR."""
        self._engine.reg_write(self._registers[register], value)

    def _fail(self, kind: str, pc: int, address: int | None = None) -> None:
        self._stop_with(self._surroundings.fault(kind, pc, pc if address is None else address), pc)

    def _stop_with(self, reason: Exception, pc: int) -> None:
        # The engine's own error would hide an exception raised in a hook: keep the first reason until it is back.
        if self._stop is None:
            self._stop = reason
            self._counter.cut_last_block(pc)
        self._engine.emu_stop()

    def _on_exception(self, engine: Any, number: int, _data: object) -> None:
        pc = self.get("PC")
        if number == 7 and self.memory.read(pc, 2) == BREAKPOINT_SERVICE:
            self._serve(engine, pc)
        else:
            self._fail(_EXCEPTIONS.get(number, f"exception {number}"), pc)

    def _serve(self, engine: Any, pc: int) -> None:
        try:
            goes_on = self._service(pc)
        except Exception as error:
            self._stop_with(error, pc + 2)
            return
        self.set("PC", (pc + 2) | 1)
        if not goes_on:
            engine.emu_stop()

    def _on_invalid(self, _engine: Any, _data: object) -> bool:
        self._fail("undefined instruction", self.get("PC"))
        return False

    def _on_bad_access(self, engine: Any, access: int, address: int, size: int, _value: int, _data: object) -> bool:
        pc = self.get("PC")
        if address == RETURN and _ACCESSES.get(access) == "execution":
            self._returned = True
            engine.emu_stop()
            return False
        kind = _ACCESSES.get(access, f"access {access}")
        self._stop_with(self._surroundings.access_fault(kind, pc, address, size, self.get("SP")), pc)
        return False

    def _read_control(self, _engine: Any, offset: int, size: int, _data: object) -> int:
        return int.from_bytes(self._control[offset : offset + size].tobytes(), "little")

    def _write_control(self, _engine: Any, offset: int, size: int, value: int, _data: object) -> None:
        self._control[offset : offset + size] = np.frombuffer(value.to_bytes(size, "little"), np.uint8)


def _open(target: Target) -> tuple[Any, dict[str, int]]:
    if not target.emulator_cpu:
        raise UserError(target.name, "has no emulator", "choose a chip, or run the host library")
    try:
        import unicorn
        from unicorn import arm_const
    except ImportError as error:
        raise UserError("unicorn", "is not installed", "install microface[emulator]") from error
    engine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    engine.ctl_set_cpu_model(getattr(arm_const, f"UC_CPU_ARM_{target.emulator_cpu}"))
    names = ("R0", "R1", "R2", "R3", "SP", "LR", "PC", "CPSR")
    return engine, {name: getattr(arm_const, f"UC_ARM_REG_{name}") for name in names}
