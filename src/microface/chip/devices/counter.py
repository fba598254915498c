"""Exact instruction counts from a compiled block hook: every block counted at full speed, decoded afterwards."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from microface.chip.devices.hooks import HOOK_BLOCK, attach, engine_function
from microface.chip.firmware.elf import Firmware


class _State(ctypes.Structure):
    """mf_block_counter of block_counter.c."""

    _fields_ = (
        ("origin", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("starts", ctypes.c_void_p),
        ("ends", ctypes.c_void_p),
        ("budget", ctypes.c_int64),
        ("last_start", ctypes.c_uint64),
        ("last_end", ctypes.c_uint64),
        ("stopped", ctypes.c_uint64),
        ("stop", ctypes.c_void_p),
    )


@dataclass(frozen=True)
class Counts:
    """Executed instructions in total, and per function those of its own body (callees apart).

    An instruction whose IT-block condition fails is executed: it takes its slot, as in silicon and QEMU.
    """

    total: int
    functions: dict[str, int]


class BlockCounter:
    """Counts what runs in `[origin, origin + len(code))`; `code` are the live bytes of that memory.

    `opens_long` tells per half-word whether an instruction that begins there has two.
    """

    def __init__(
        self, engine: Any, origin: int, code: np.ndarray, opens_long: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        self._code, self._origin, self._opens_long = code.view("<u2"), origin, opens_long
        self._starts = np.zeros(len(self._code) + 1, np.uint64)
        self._ends = np.zeros(len(self._code) + 1, np.uint64)
        tables = (self._starts.ctypes.data, self._ends.ctypes.data)
        self._state = _State(origin, len(code), *tables, 0, 0, 0, 0, engine_function("uc_emu_stop"))
        attach(engine, HOOK_BLOCK, "block_counter.c", "mf_count_block", self._state)

    def restart(self) -> None:
        """Set all counts to 0."""
        self._starts.fill(0)
        self._ends.fill(0)

    def allow(self, half_words: int) -> None:
        """Let the emulator run at most `half_words` of code from here on, then stop before the next block."""
        self._state.budget, self._state.stopped = half_words, 0
        self._state.last_start = self._state.last_end = 0

    @property
    def stopped_at(self) -> int | None:
        """The block that did not run because the allowance was spent, or None."""
        return int(self._state.last_start) if self._state.stopped else None

    def cut_last_block(self, pc: int) -> None:
        """Take back the instructions from `pc` on of the newest block: a fault ended it there."""
        start, end = int(self._state.last_start), int(self._state.last_end)
        if start <= pc < end and not self._state.stopped:
            self._ends[(end - self._origin) // 2] -= np.uint64(1)
            self._ends[(pc - self._origin) // 2] += np.uint64(1)

    def total(self) -> int:
        """Return the number of executed instructions."""
        return int(self.per_instruction()[1].sum())

    def counts(self, firmware: Firmware) -> Counts:
        """Return the executed instructions in total and per function of `firmware`."""
        addresses, runs = self.per_instruction()
        owners = firmware.functions_at(addresses)
        sums = np.zeros(len(firmware.functions) + 1, np.int64)
        np.add.at(sums, owners, runs)
        names = [*(function.name for function in firmware.functions), "?"]
        functions: dict[str, int] = {}
        for owner in dict.fromkeys(owners.tolist()):
            functions[names[owner]] = functions.get(names[owner], 0) + int(sums[owner])
        return Counts(int(sums.sum()), functions)

    def per_instruction(self) -> tuple[np.ndarray, np.ndarray]:
        """Addresses of all executed instructions, and how often each ran."""
        runs = np.cumsum(self._starts.view(np.int64) - self._ends.view(np.int64))[:-1]
        touched = np.flatnonzero(runs)
        first = touched[self._first_halves(touched)]
        return self._origin + 2 * first, runs[first]

    def _first_halves(self, touched: np.ndarray) -> np.ndarray:
        # In a run of half-words that look long, the first, third ... open one; a short one or a gap ends the run.
        wide = self._opens_long(self._code[touched])
        places = np.arange(len(touched))
        follows = np.diff(touched, prepend=-2) == 1
        before = np.concatenate([[False], wide[:-1]]) & follows
        begins = np.maximum.accumulate(np.where(before, 0, places))
        return np.asarray((places - begins) % 2 == 0)
