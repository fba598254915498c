"""What goes wrong on a chip, said in one line: source function, address, kind, and the memory it hit."""

from dataclasses import dataclass

from microface.chip.firmware.elf import Firmware
from microface.chip.targets import Target

NULL_BYTES = 256
_STACK_REACH = _NEAR = 64 * 1024


class ChipFault(Exception):  # noqa: N818 - the architecture's own word
    """Firmware did what a chip forbids. Not bad input: a mistake in code, planner or sizes.

    `function` is the function that was running ("?" outside all), `pc` its instruction, `address` what it touched,
    `kind` what it did there, `region` the memory that `address` lies in or next to.
    """

    def __init__(self, kind: str, function: str, pc: int, address: int, region: str, line: str = "") -> None:
        self.kind, self.function, self.pc, self.address, self.region = kind, function, pc, address, region
        where = f"{function} ({line})" if line else function
        super().__init__(f"{kind} in {where} at pc 0x{pc:08x}: address 0x{address:08x}, {region}")


class PowerCut(Exception):  # noqa: N818 - an event that a test asked for, not an error
    """The power went, as `FlashDevice.cut_power_after` asked; go on with `reset()`."""


@dataclass(frozen=True)
class Surroundings:
    """What is needed to name a place: the chip, its firmware, and where the stack ends."""

    target: Target
    firmware: Firmware
    stack_bottom: int

    def fault(self, kind: str, pc: int, address: int) -> ChipFault:
        """Return the fault of `kind` with function, source line (where known) and region filled in."""
        function = self.firmware.function_at(pc)
        line = self.firmware.line_at(pc)
        text = f"{line.file}:{line.line}" if line else ""
        return ChipFault(kind, function.name if function else "?", pc, address, self.region(address), text)

    def access_fault(self, access: str, pc: int, address: int, size: int, stack_pointer: int) -> ChipFault:
        """Return the fault of a forbidden `access` ("read", "write", "execution") of `size` bytes."""
        wrong = self._first_wrong(access, address, size)
        return self.fault(self._kind(access, wrong, stack_pointer), pc, wrong)

    def _first_wrong(self, access: str, address: int, size: int) -> int:
        # An access across the end of a bank is wrong from its first byte outside on.
        if access == "write" and self._is_read_only(address):
            return address
        outside = (at for at in range(address, address + max(size, 1)) if self.target.memory_at(at) is None)
        return next(outside, address)

    def _kind(self, access: str, address: int, stack_pointer: int) -> str:
        if self.is_null(address):
            return f"NULL {access}"
        if self._is_below_stack(address, stack_pointer):
            return "stack overflow"
        bank = self.target.memory_at(address)
        if access == "write" and bank is not None and bank.read_only:
            return f"write to {bank.kind}"
        return f"{access} outside memory" if bank is None else f"forbidden {access}"

    def is_null(self, address: int) -> bool:
        """Tell whether `address` is one that a NULL pointer, or a small offset from it, reaches."""
        banks = (bank for bank in self.target.memories if bank.addressed and bank.holds(address))
        return address < NULL_BYTES or any(address < bank.origin + bank.null_bytes for bank in banks)

    def _is_read_only(self, address: int) -> bool:
        bank = self.target.memory_at(address)
        return bank is not None and bank.read_only

    def _is_below_stack(self, address: int, stack_pointer: int) -> bool:
        return stack_pointer < self.stack_bottom or 0 < self.stack_bottom - address <= _STACK_REACH

    def region(self, address: int) -> str:
        """Return the name of the bank, the arena or gallery in it, or what `address` lies beside."""
        bank = self.target.memory_at(address)
        if bank is not None:
            return self._part_of(bank.name, address)
        return self._beside(address)

    def _beside(self, address: int) -> str:
        unreached = [bank.name for bank in self.target.memories if bank.kind == "external" and bank.holds(address)]
        if unreached:
            return f"{unreached[0]}, which only the DMA reads"
        below = [bank for bank in self.target.memories if bank.addressed and bank.end <= address]
        above = [bank for bank in self.target.memories if bank.addressed and bank.origin > address]
        past = [(address - bank.end, f"just past the end of {bank.name}") for bank in below]
        under = [(bank.origin - address - 1, f"just below {bank.name}") for bank in above]
        distance, place = min(past + under)
        return place if distance < _NEAR else "where this chip has no memory"

    def _part_of(self, bank: str, address: int) -> str:
        symbols = self.firmware.symbols
        for part in ("stack", "arena", "gallery", "window"):
            low = symbols.get("mf_stack_bottom" if part == "stack" else f"mf_{part}_start")
            high = symbols.get("mf_stack_top" if part == "stack" else f"mf_{part}_end")
            if low and high and low.address <= address < high.address:
                return f"{part} in {bank}"
        return bank
