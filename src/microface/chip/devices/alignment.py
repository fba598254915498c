"""The check for unaligned loads and stores of several words, which fault on silicon but not in the engine."""

import ctypes
from typing import Any

from microface.chip.cores import WideAccesses
from microface.chip.devices.hooks import HOOK_INSTRUCTION, attach, engine_function


class _State(ctypes.Structure):
    """mf_alignment_check of alignment_check.c."""

    _fields_ = (
        ("origin", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("bases", ctypes.c_void_p),
        ("register_ids", ctypes.c_void_p),
        ("wrong_pc", ctypes.c_uint64),
        ("wrong_base", ctypes.c_uint64),
        ("found", ctypes.c_uint64),
        ("read", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
    )


class AlignmentCheck:
    """Stops the engine before the first of the `accesses` in code from `origin` whose base is no multiple of 4."""

    def __init__(self, engine: Any, origin: int, accesses: WideAccesses) -> None:
        self._accesses = accesses
        functions = (engine_function("uc_reg_read"), engine_function("uc_emu_stop"))
        places = (accesses.bases.ctypes.data, accesses.register_ids.ctypes.data)
        self._state = _State(origin, 2 * len(accesses.bases), *places, 0, 0, 0, *functions)
        attach(engine, HOOK_INSTRUCTION, "alignment_check.c", "mf_check_alignment", self._state)

    def restart(self) -> None:
        """Forget what was found."""
        self._state.found = 0

    @property
    def found(self) -> tuple[int, int] | None:
        """(pc, base address) of the access that stopped the engine, or None."""
        return (int(self._state.wrong_pc), int(self._state.wrong_base)) if self._state.found else None
