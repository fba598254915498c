"""QEMU as a second opinion where `qemu-system-arm` is found: the same calls as on the emulated chip, by its GDB stub.

QEMU's boards do not have the chips' memories and do not enforce their sizes, so firmware is linked for
`board_target(target)`: the same flash and RAM, moved to where the board has memory. There is no flash device and no
accelerator.
QEMU does fault where LDM, LDRD and their kin are unaligned.
"""

import itertools
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from microface.chip.devices.faults import ChipFault, Surroundings
from microface.chip.devices.gdb_remote import GdbRemote
from microface.chip.firmware.elf import Firmware
from microface.chip.targets import Memory, Target
from microface.errors import UserError

_BOARDS = {"Cortex-M4": "mps2-an386", "Cortex-M7": "mps2-an500"}
_BOARD_FLASH, _BOARD_RAM, _BOARD_BYTES = 0x00000000, 0x20000000, 4 << 20
_FAULT_STATUS = 0xE000ED28
_SP, _LR, _PC = 13, 14, 15
# Bits of the configurable fault status register, Armv7-M Architecture Reference Manual, B3.2.15.
_FAULTS = {
    0: "execution outside memory",
    1: "access outside memory",
    8: "execution outside memory",
    9: "access outside memory",
    16: "undefined instruction",
    17: "execution outside memory",
    24: "unaligned multi-word access",
}


def find_qemu() -> str | None:
    """Return the path of `qemu-system-arm`, or None where it is not installed."""
    return shutil.which("qemu-system-arm")


def board_target(target: Target) -> Target:
    """Return `target` with flash and RAM alone, moved, one bank after the other, to where QEMU's board has memory."""
    if target.cpu not in _BOARDS:
        raise UserError(target.name, f"has no board with a {target.cpu} in QEMU", "use the emulated chip")
    flash = [bank for bank in target.memories if bank.mapped and bank.kind == "flash"]
    ram = [bank for bank in target.memories if bank.mapped and bank.kind == "ram"]
    moved = (*_moved(flash, _BOARD_FLASH), *_moved(ram, _BOARD_RAM))
    return target.model_copy(update={"memories": moved})


def _moved(banks: list[Memory], origin: int) -> list[Memory]:
    places = itertools.accumulate((bank.bytes for bank in banks), initial=origin)
    moved = [bank.model_copy(update={"origin": place}) for bank, place in zip(banks, places, strict=False)]
    if moved and moved[-1].end > origin + _BOARD_BYTES:
        raise UserError(banks[0].name, "is larger than the memory of QEMU's board", "use the emulated chip")
    return moved


class QemuChip:
    """QEMU with the firmware of `elf_path`, linked for `board_target(target)`, stopped where `main` begins.

    `seconds` ends an endless loop; to the file `trace` goes a line that begins with "Trace" for every instruction
    (slow, and large). Use it as a context or call `close`.
    """

    def __init__(self, target: Target, elf_path: Path, seconds: float = 60, trace: Path | None = None) -> None:
        self.target, self.firmware = target, Firmware(elf_path)
        symbol = self.firmware.symbol
        self._stack_top, self._main = symbol("mf_stack_top").address, symbol("main").address
        self._handler = symbol("Default_Handler").address
        self._surroundings = Surroundings(target, self.firmware, symbol("mf_stack_bottom").address)
        self._folder = tempfile.TemporaryDirectory(prefix="microface")
        self._process = _start(target, elf_path, Path(self._folder.name) / "gdb", trace)
        self._remote = _connect(self._process, Path(self._folder.name) / "gdb", seconds)
        self._remote.break_at(self._main)
        self._remote.break_at(self._handler)
        self._go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End QEMU."""
        self._remote.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def address(self, place: str | int) -> int:
        """Return the address of a symbol; an address is returned as it is."""
        return place if isinstance(place, int) else self.firmware.symbol(place).address

    def read(self, place: str | int, size: int) -> bytes:
        """Return `size` bytes from a symbol or address."""
        return self._remote.read(self.address(place), size)

    def write(self, place: str | int, data: bytes) -> None:
        """Store `data` at a symbol or address."""
        self._remote.write(self.address(place), data)

    def call(self, symbol: str, *arguments: int) -> int:
        """Call the function `symbol` with integer `arguments` and return r0 (unsigned)."""
        words = [argument & 0xFFFFFFFF for argument in arguments]
        stack_pointer = self._stack_top - (4 * len(words[4:]) + 7) // 8 * 8
        if words[4:]:
            self.write(stack_pointer, struct.pack(f"<{len(words) - 4}I", *words[4:]))
        registers = dict(enumerate(words[:4])) | {_SP: stack_pointer, _LR: self._main | 1, _PC: self.address(symbol)}
        for number, value in registers.items():
            self._remote.set_register(number, value)
        self._go()
        return self._remote.register(0)

    def _go(self) -> None:
        try:
            self._remote.go()
        except TimeoutError as error:
            raise self._surroundings.fault("endless loop", self._main, self._main) from error
        if self._remote.register(_PC) == self._handler:
            fault = self._fault()
            # The processor is inside its handler: only a reset brings it back.
            self._remote.monitor("system_reset")
            self._remote.go()
            raise fault

    def _fault(self) -> ChipFault:
        # The processor stored r0-r3, r12, lr, pc and xpsr; the status says what went wrong.
        pc = int.from_bytes(self.read(self._remote.register(_SP) + 24, 4), "little")
        status = int.from_bytes(self.read(_FAULT_STATUS, 4), "little")
        kinds = [kind for bit, kind in _FAULTS.items() if status >> bit & 1]
        return self._surroundings.fault(kinds[0] if kinds else "fault", pc, pc)


def _start(target: Target, elf_path: Path, place: Path, trace: Path | None) -> "subprocess.Popen[bytes]":
    found = find_qemu()
    if found is None:
        raise UserError("qemu-system-arm", "is not found", "install it, or use the emulated chip")
    stub = ["-chardev", f"socket,path={place},server=on,wait=off,id=gdb", "-gdb", "chardev:gdb", "-S"]
    quiet = ["-display", "none", "-monitor", "none", "-serial", "none"]
    steps = ["-singlestep", "-d", "exec,nochain", "-D", str(trace)] if trace else []
    command = [found, "-machine", _BOARDS[target.cpu], *quiet, *stub, *steps, "-kernel", str(elf_path)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _connect(process: "subprocess.Popen[bytes]", place: Path, seconds: float) -> GdbRemote:
    while process.poll() is None:
        try:
            return GdbRemote(str(place), seconds)
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.01)
    message = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    raise UserError("qemu-system-arm", f"does not start ({message})", "use the emulated chip")
