"""The FIFOs in front of the accelerator, as registers: words come in while a network that streams runs."""

from collections.abc import Callable

import numpy as np

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.firmware.max78000.data import FIFO_DATA, FIFOS
from microface.chip.firmware.max78000.input import Group, input_groups
from microface.chip.plan.max78000 import PlacedLayer
from microface.errors import UserError

_PAGE = 0x50000000


class Fifos:
    """Four FIFOs that never are full: the emulated accelerator is as fast as whoever feeds it."""

    def __init__(self, chip: EmulatedChip) -> None:
        self._words: list[list[int]] = [[] for _ in range(FIFOS)]
        self._waiting: tuple[PlacedLayer, Callable[[np.ndarray], None]] | None = None
        self._missing = 0
        chip.map_registers(_PAGE, lambda _offset: 0, self.write)

    def expect(self, first: PlacedLayer, ready: Callable[[np.ndarray], None]) -> None:
        """Call `ready` with the input s8 [H, W, C] of the layer `first` as soon as all of it came."""
        rows, columns, _ = first.layer.source
        self._words = [[] for _ in range(FIFOS)]
        self._waiting, self._missing = (first, ready), rows * columns * len(input_groups(first))

    def write(self, offset: int, value: int) -> None:
        """Take a word for the register at `offset`; a `UserError` where no network waits for it."""
        number, rest = divmod(_PAGE + offset - FIFO_DATA, 4)
        if self._waiting is None or rest or not 0 <= number < FIFOS:
            reason = "is written while no network that streams runs"
            raise UserError(f"register 0x{_PAGE + offset:08x}", reason, "start the accelerator, then feed its FIFO")
        self._words[number].append(value)
        self._missing -= 1
        if not self._missing:
            first, ready = self._waiting
            self._waiting = None
            ready(self._values(first))

    def _values(self, first: PlacedLayer) -> np.ndarray:
        values = np.empty(first.layer.source, np.int8)
        for group in input_groups(first):
            values[..., group.channel : group.channel + group.count] = self._channels(group, first)
        return values

    def _channels(self, group: Group, first: PlacedLayer) -> np.ndarray:
        words = np.array(self._words[(group.address - FIFO_DATA) // 4], "<u4")
        octets = words.view(np.int8).reshape(*first.layer.source[:2], 4)
        return octets[..., group.byte : group.byte + group.count]
