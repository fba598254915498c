"""The check for unaligned LDM, STM, LDRD, STRD, VLDM and VSTM, which fault on silicon but not in the engine."""

import ctypes
from typing import Any

import numpy as np

from microface.chip.devices.hooks import HOOK_INSTRUCTION, attach, engine_function

_NO_BASE = 0xFF


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
    """Stops the engine before the first multi-word access in `code` at `origin` whose base is no multiple of 4."""

    def __init__(self, engine: Any, origin: int, code: np.ndarray) -> None:
        from unicorn import arm_const

        names = [*(f"R{number}" for number in range(13)), "SP", "LR", "PC"]
        self._ids = np.array([getattr(arm_const, f"UC_ARM_REG_{name}") for name in names], np.int32)
        self._bases = base_registers(code)
        functions = (engine_function("uc_reg_read"), engine_function("uc_emu_stop"))
        places = (self._bases.ctypes.data, self._ids.ctypes.data)
        self._state = _State(origin, len(code), *places, 0, 0, 0, *functions)
        attach(engine, HOOK_INSTRUCTION, "alignment_check.c", "mf_check_alignment", self._state)

    def restart(self) -> None:
        """Forget what was found."""
        self._state.found = 0

    @property
    def found(self) -> tuple[int, int] | None:
        """(pc, base address) of the access that stopped the engine, or None."""
        return (int(self._state.wrong_pc), int(self._state.wrong_base)) if self._state.found else None


def base_registers(code: np.ndarray) -> np.ndarray:
    """Return per half-word of `code` (uint8) the base register of the multi-word access there, or 0xff, as uint8.

    Offsets of these instructions are multiples of 4, so the base alone decides. PUSH and POP use the stack
    pointer, which is always aligned. Encodings: Armv7-M Architecture Reference Manual, A5.2 and A5.3.
    """
    first = code.view("<u2")
    second = np.append(first[1:], np.uint16(0))
    bases = np.full(len(first), _NO_BASE, np.uint8)
    bases[(first & 0xF000) == 0xC000] = ((first >> 8) & 7).astype(np.uint8)[(first & 0xF000) == 0xC000]
    wide = _is_multiple(first) | _is_double(first) | _is_vector(first, second)
    bases[wide] = (first & 15).astype(np.uint8)[wide]
    bases[wide & ((first & 15) == 15)] = _NO_BASE  # relative to the pc: aligned down by the processor
    return bases


def _is_multiple(first: np.ndarray) -> np.ndarray:
    """LDM and STM: 1110 100 op 0 with op 01 (upwards) or 10 (downwards)."""
    upwards = (first & 0xFFC0) == 0xE880
    downwards = (first & 0xFFC0) == 0xE900
    return np.asarray(upwards | downwards)


def _is_double(first: np.ndarray) -> np.ndarray:
    """LDRD and STRD: 1110 100 P U 1 W L; without P and W it is an exclusive access or a table branch."""
    return np.asarray(((first & 0xFE40) == 0xE840) & ((first & 0x0120) != 0))


def _is_vector(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """VLDR, VSTR, VLDM, VSTM: 1110 110 P U D W L on coprocessor 10 or 11; without P, U and W it is a VMOV."""
    return np.asarray(((first & 0xFE00) == 0xEC00) & ((second & 0x0E00) == 0x0A00) & ((first & 0x01A0) != 0))
