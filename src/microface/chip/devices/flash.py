"""The flash that keeps the people: erased by sectors, programmed by units once per erase, and the power may go."""

import numpy as np

from microface.chip.devices.faults import PowerCut
from microface.chip.devices.memory import Banks
from microface.chip.targets import Target
from microface.errors import UserError

ERASED = 0xFF


class FlashError(Exception):
    """The firmware asked for what the flash cannot do; `address` and the `reason`."""

    def __init__(self, address: int, reason: str) -> None:
        self.address, self.reason = address, reason
        super().__init__(reason)


class FlashDevice:
    """The gallery's sectors of an emulated chip, `region` = (first address, end); the answer to the two port calls.

    A call that the power does not outlive raises `PowerCut`. Every wrong call (outside the gallery, not aligned, a
    unit programmed twice after one erase, or after an erase that was cut) is a `FlashError`.
    """

    def __init__(self, target: Target, memory: Banks, region: tuple[int, int]) -> None:
        self._memory, (self._start, self._end) = memory, region
        self.sector_bytes, self.unit_bytes = target.gallery.sector_bytes, target.gallery.unit_bytes
        units = (self._end - self._start) // self.unit_bytes
        # What the firmware file left of the region is blank, so every unit begins programmable.
        self._programmable = np.ones(units, bool)
        self._powered, self._calls_left, self._inside_erase = True, -1, False
        self.calls = 0

    def cut_power_after(self, calls: int, inside_erase: bool = False) -> None:
        """Let the power go right after `calls` more port calls; it stays off until `restore_power`.

        With `inside_erase` it goes in the middle of the first erase that follows those calls.
        """
        if calls < 0:
            raise UserError(f"{calls} calls", "is below 0", "give 0 or more")
        self._calls_left, self._inside_erase = calls, inside_erase

    def restore_power(self) -> None:
        """Switch the power on again; contents are as the cut left them and no further cut is planned."""
        self._powered, self._calls_left, self._inside_erase = True, -1, False

    def erase(self, sector: int) -> int:
        """Erase the sector that begins at the address `sector`; return 0."""
        self._check(sector, self.sector_bytes, "sector")
        self._before(is_erase=True, address=sector)
        self._memory.write_flash(sector, bytes([ERASED]) * self.sector_bytes)
        self._units(sector, self.sector_bytes)[:] = True
        return self._after()

    def program(self, address: int, data: bytes) -> int:
        """Program the unit at `address` with `data`; return 0."""
        self._check(address, self.unit_bytes, "unit")
        if len(data) != self.unit_bytes:
            raise FlashError(address, f"unit of {len(data)} bytes instead of {self.unit_bytes}")
        unit = self._units(address, self.unit_bytes)
        if not unit[0]:
            raise FlashError(address, "flash unit programmed without an erase")
        self._before(is_erase=False, address=address)
        self._memory.write_flash(address, data)
        unit[:] = False
        return self._after()

    def store(self, address: int, data: bytes) -> None:
        """Put `data` at `address` (a sector's begin) as a debug probe does: erase as needed, then program."""
        self._check(address, self.sector_bytes, "sector")
        self._check(address + max(len(data) - 1, 0), 1, "byte")
        size = -(-len(data) // self.sector_bytes) * self.sector_bytes
        self._memory.write_flash(address, data + bytes([ERASED]) * (size - len(data)))
        self._units(address, size)[:] = True
        self._units(address, -(-len(data) // self.unit_bytes) * self.unit_bytes)[:] = False

    def _check(self, address: int, size: int, thing: str) -> None:
        if not self._start <= address <= self._end - size:
            raise FlashError(address, f"flash {thing} outside the gallery")
        if (address - self._start) % size:
            raise FlashError(address, f"flash {thing} not aligned to {size} bytes")

    def _units(self, address: int, size: int) -> np.ndarray:
        first = (address - self._start) // self.unit_bytes
        return self._programmable[first : first + size // self.unit_bytes]

    def _before(self, is_erase: bool, address: int) -> None:
        if self._calls_left == 0 and not self._inside_erase:
            self._cut()
        if self._calls_left == 0 and is_erase:
            self._half_erase(address)
            self._cut()

    def _half_erase(self, sector: int) -> None:
        """Leave every bit of the sector either as it was or erased, and no unit fit to be programmed."""
        old = np.frombuffer(self._memory.read(sector, self.sector_bytes), np.uint8)
        noise = np.random.default_rng(sector).integers(0, 256, self.sector_bytes, dtype=np.uint8)
        self._memory.write_flash(sector, (old | noise).tobytes())
        self._units(sector, self.sector_bytes)[:] = False

    def _after(self) -> int:
        self.calls += 1
        if self._calls_left > 0:
            self._calls_left -= 1
        if self._calls_left == 0 and not self._inside_erase:
            self._cut()
        return 0

    def _cut(self) -> None:
        self._powered = False
        raise PowerCut(f"the power went after {self.calls} flash calls")

    @property
    def powered(self) -> bool:
        """False from a power cut to the next reset."""
        return self._powered
