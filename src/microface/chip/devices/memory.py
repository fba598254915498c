"""The banks of an emulated chip: host memory mapped into the engine at exactly the chip's sizes."""

import mmap
from collections.abc import Iterable
from typing import Any

import numpy as np

from microface.chip.firmware.elf import Segment
from microface.chip.targets import Memory, Target
from microface.errors import UserError

_NOISE_SEED = 0x6D66
_STORED = ("flash", "code", "external")
"""Banks that hold a firmware's segments; those of flash keep them, and boot fills the others anew."""
_ERASED = 0xFF


class Banks:
    """Every mapped bank as a numpy array of bytes that the engine works on directly.

    External flash, which it does not reach, is kept inverted: pages of erased bytes then take no memory here.
    """

    def __init__(self, engine: Any, target: Target) -> None:
        self._target = target
        self._bytes = {bank.name: _pages(bank.bytes) for bank in target.memories if bank.mapped}
        for bank in target.memories:
            if bank.addressed:
                self._map(engine, bank)
            if bank.addressed and bank.kind in _STORED:
                self._bytes[bank.name][:] = _ERASED

    def _map(self, engine: Any, bank: Memory) -> None:
        import unicorn

        second = unicorn.UC_PROT_EXEC if bank.read_only else unicorn.UC_PROT_WRITE
        place = self._bytes[bank.name].ctypes.data + bank.null_bytes
        size = bank.bytes - bank.null_bytes
        engine.mem_map_ptr(bank.origin + bank.null_bytes, size, unicorn.UC_PROT_READ | second, place)

    def bank(self, name: str) -> np.ndarray:
        """Return the live bytes of the bank `name`, uint8."""
        return self._bytes[name]

    def load(self, segments: Iterable[Segment]) -> None:
        """Store a firmware's segments, as a programmer does before the first start (and boot, where code is copied)."""
        for segment in segments:
            self._write(segment.address, segment.data, *_STORED)

    def forget_ram(self) -> None:
        """Fill all RAM with noise, the same at every start: nobody may count on zeros."""
        for bank in self._target.ram:
            self._bytes[bank.name][:] = np.frombuffer(self.noise(0, bank.bytes), np.uint8)

    def noise(self, start: int, stop: int) -> bytes:
        """Return `stop - start` bytes of noise, always the same for that length."""
        return np.random.default_rng(_NOISE_SEED).bytes(stop - start)

    def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes from `address`, which lie in one bank."""
        view, inverted = self._view(address, size)
        return (~view if inverted else view).tobytes()

    def is_inside(self, kind: str, address: int, size: int) -> bool:
        """Tell whether `size` bytes from `address` lie in one mapped bank of `kind`."""
        return any(bank.mapped and bank.kind == kind and bank.holds(address, size) for bank in self._target.memories)

    def write_ram(self, address: int, data: bytes) -> None:
        """Store `data` at `address` in RAM."""
        self._write(address, data, "ram")

    def write_flash(self, address: int, data: bytes) -> None:
        """Store `data` at `address` in flash; only the flash device and the loader do so."""
        self._write(address, data, "flash", "external")

    def _write(self, address: int, data: bytes, *kinds: str) -> None:
        view, inverted = self._view(address, len(data), *kinds)
        values = np.frombuffer(data, np.uint8)
        view[:] = ~values if inverted else values

    def _view(self, address: int, size: int, *kinds: str) -> tuple[np.ndarray, bool]:
        """Return the bytes of the one bank that holds them all, and whether they are inverted."""
        for bank in self._target.memories:
            if bank.mapped and bank.holds(address, size) and (not kinds or bank.kind in kinds):
                start = address - bank.origin
                return self._bytes[bank.name][start : start + size], not bank.addressed
        where = f"0x{address:08x}, {size} bytes"
        memory = kinds[0] if kinds else "memory"
        raise UserError(where, f"is not in one {memory} bank of {self._target.name}", "check address and size")


def _pages(size: int) -> np.ndarray:
    # The engine wants its memory to begin at a page; numpy alone does not promise that.
    return np.frombuffer(mmap.mmap(-1, size), np.uint8)
