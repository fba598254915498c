"""An emulated chip with memories of exactly its size: calls functions by name, counts, measures the stack."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microface.chip.devices.counter import Counts
from microface.chip.devices.engine import Processor
from microface.chip.devices.faults import Surroundings
from microface.chip.devices.flash import FlashDevice, FlashError
from microface.chip.firmware.elf import Firmware
from microface.chip.targets import Target
from microface.errors import UserError

SERVICE_READY = 0x4D460001
SERVICE_ERASE = 0x4D460002
SERVICE_PROGRAM = 0x4D460003
SERVICE_READ = 0x4D460005

Service = Callable[[int, int], int]


@dataclass(frozen=True)
class CallReport:
    """One call: its unsigned result `value`, counts from its first instruction to its return, bytes of stack used."""

    value: int
    counts: Counts
    stack_bytes: int

    @property
    def signed(self) -> int:
        """The result as int32."""
        return self.value - (1 << 32) if self.value >> 31 else self.value

    @property
    def instructions(self) -> int:
        """Executed instructions, callees included."""
        return self.counts.total


class EmulatedChip:
    """A chip with the firmware of `elf_path` in its flash, already started.

    `max_instructions` (about: up to twice as many may run) ends an endless loop by a `ChipFault`. Flash keeps its
    contents as long as this object lives; `reset()` starts the firmware anew with RAM full of noise.
    `check_alignment` also faults where LDM, STM, LDRD, STRD and their FPU kin are unaligned (slower). `services` answer
    further requests by their number: called with two arguments, they return the answer.
    """

    def __init__(
        self,
        target: Target,
        elf_path: Path,
        max_instructions: int = 2_000_000_000,
        check_alignment: bool = False,
        services: Mapping[int, Service] | None = None,
    ) -> None:
        self._services = dict(services or {})
        self.target, self.firmware, self.max_instructions = target, Firmware(elf_path), max_instructions
        symbol = self.firmware.symbol
        self._stack = (symbol("mf_stack_bottom").address, symbol("mf_stack_top").address)
        self._surroundings = Surroundings(target, self.firmware, self._stack[0])
        self._processor = Processor(self._surroundings, self._serve, check_alignment)
        self.memory = self._processor.memory
        region = (symbol("mf_gallery_flash_start").address, symbol("mf_gallery_flash_end").address)
        self.flash = FlashDevice(target, self.memory, region)
        self._paint, self._ready = b"", False
        self.reset()

    def reset(self) -> CallReport:
        """Run Reset_Handler up to `main`, as after power-on: flash stays, RAM holds noise. Returns its report."""
        self.memory.forget_ram()
        self.flash.restore_power()
        code = self.target.memory(self.target.placement.code)
        begin = self._processor.core.start(self.firmware.entry, self._stack[1], self.read(code.origin, 8))
        self._ready = False
        report = self._go(*begin)
        if not self._ready:
            raise UserError(self.firmware.path, "main does not wait for calls", "link it with port_emulator.c")
        return report

    def call(self, symbol: str, *arguments: int) -> int:
        """Call the function `symbol` with integer `arguments` and return its result (unsigned)."""
        return self.run(symbol, *arguments).value

    def run(self, symbol: str, *arguments: int) -> CallReport:
        """Call the function `symbol` on an empty stack; return result, exact counts and the stack's high-water mark.

        Raises `ChipFault` where the firmware does what the chip forbids, `PowerCut` where a test cut the power.
        """
        if not self.flash.powered:
            raise UserError(self.target.name, "has no power", "call reset() after a power cut")
        on_stack = self._processor.give_arguments([argument & 0xFFFFFFFF for argument in arguments])
        return self._go(self.address(symbol), self._stack[1], on_stack)

    def map_registers(self, address: int, read: Callable[[int], int], write: Callable[[int, int], None]) -> None:
        """Add a page of 32-bit registers: `read(offset)` answers loads, `write(offset, value)` sees stores."""
        self._processor.map_registers(address, read, write)

    def counts(self) -> Counts:
        """Return the counts of the newest run, up to the fault where it ended in one."""
        return self._processor.counts()

    def executed(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the addresses of all instructions that the newest run executed, and how often each ran."""
        return self._processor.executed()

    def address(self, place: str | int) -> int:
        """Return the address of a symbol; an address is returned as it is."""
        return place if isinstance(place, int) else self.firmware.symbol(place).address

    def read(self, place: str | int, size: int) -> bytes:
        """Return `size` bytes from a symbol or address."""
        return self.memory.read(self.address(place), size)

    def write(self, place: str | int, data: bytes) -> None:
        """Store `data` in RAM at a symbol or address; flash is written by the flash device only."""
        self.memory.write_ram(self.address(place), data)

    def _go(self, entry: int, stack_top: int, on_stack: list[int] | None = None) -> CallReport:
        words = on_stack or []
        alignment = self._processor.core.stack_alignment
        stack_pointer = stack_top - -(-4 * len(words) // alignment) * alignment
        self._paint_stack(stack_pointer, struct.pack(f"<{len(words)}I", *words))
        counts = self._processor.go(entry, stack_pointer, self.max_instructions)
        return CallReport(self._processor.result, counts, self._stack_used())

    def _paint_stack(self, stack_pointer: int, arguments: bytes) -> None:
        bottom, top = self._stack
        self._paint = self.memory.noise(bottom, top)
        self.write(bottom, self._paint)
        self.write(stack_pointer, arguments)

    def _stack_used(self) -> int:
        bottom, top = self._stack
        now = np.frombuffer(self.read(bottom, top - bottom), np.uint8)
        changed = np.flatnonzero(now != np.frombuffer(self._paint, np.uint8))
        return -(-(top - bottom - int(changed[0])) // 8) * 8 if len(changed) else 0

    def _serve(self, pc: int) -> bool:
        number, first, second = self._processor.arguments(3)
        if number == SERVICE_READY:
            self._ready = True
            return False
        answers: dict[int, Callable[[], int]] = {
            SERVICE_ERASE: lambda: self.flash.erase(first),
            SERVICE_PROGRAM: lambda: self.flash.program(first, self.read(second, self.flash.unit_bytes)),
            SERVICE_READ: lambda: self._copy_from_flash(first, pc),
        }
        if number in self._services:
            self._processor.result = self._services[number](first, second)
            return True
        if number not in answers:
            raise self._surroundings.fault(f"unknown service 0x{number:08x}", pc, pc)
        try:
            self._processor.result = answers[number]()
        except FlashError as error:
            raise self._surroundings.fault(error.reason, pc, error.address) from error
        return True

    def _copy_from_flash(self, request: int, pc: int) -> int:
        """Do what the DMA of a chip with external flash does: copy (from, to, bytes), three words at `request`."""
        source, place, size = struct.unpack("<III", self.read(request, 12))
        for kind, address in (("external", source), ("ram", place)):
            if not self.memory.is_inside(kind, address, size):
                raise self._surroundings.fault(f"copy of {size} bytes from flash outside memory", pc, address)
        self.memory.write_ram(place, self.read(source, size))
        return 0
