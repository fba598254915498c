"""Cortex-M: Armv6-M to Armv8-M, Thumb code. Services are BKPT 0xAB."""

import struct
from functools import cached_property
from typing import Any

import numpy as np

from microface.chip.cores.core import NO_BASE, Core, Read, Registers, Stop, WideAccesses, require_unicorn

SERVICE = b"\xab\xbe"  # BKPT 0xAB
_SYSTEM_CONTROL, _PAGE = 0xE000E000, 4096
_IT_BITS = 0x0600FC00
_BREAKPOINT = 7
_EXCEPTIONS = {
    1: "undefined instruction",
    2: "supervisor call",
    3: "execution outside memory",
    _BREAKPOINT: "breakpoint",
}


class CortexM(Core):
    """The engine calls it Arm in Thumb mode; `model` is CORTEX_M0, M3, M4, M7 or M33."""

    kind = "cortex-m"
    startup = "startup_cortex_m.c.j2"
    gcc = "arm-none-eabi-gcc"
    stack_alignment = 8

    def open(self, model: str) -> Any:
        """Return a new engine."""
        unicorn = require_unicorn()
        engine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        engine.ctl_set_cpu_model(getattr(unicorn.arm_const, f"UC_CPU_ARM_{model}"))
        return engine

    @cached_property
    def registers(self) -> Registers:
        """The first four arguments lie in r0 to r3."""
        numbers = {name: _register(name) for name in ("R0", "R1", "R2", "R3", "SP", "LR", "PC")}
        return Registers(tuple(numbers[f"R{i}"] for i in range(4)), numbers["SP"], numbers["LR"], numbers["PC"])

    @cached_property
    def condition(self) -> tuple[int, int]:
        """The place in an IT block."""
        return _register("CPSR"), _IT_BITS

    def start(self, entry: int, stack_top: int, code_begin: bytes) -> tuple[int, int]:
        """Take both from the vectors, as the processor does."""
        stack_pointer, handler = struct.unpack("<II", code_begin[:8])
        return handler, stack_pointer

    def code_address(self, address: int) -> int:
        """Bit 0 says that the code is Thumb."""
        return address | 1

    def connect(self, engine: Any) -> None:
        """Map the system control space, where start-up switches the FPU on: a page that keeps what is written."""
        page = np.zeros(_PAGE, np.uint8)

        def read(_engine: Any, offset: int, size: int, _data: object) -> int:
            return int.from_bytes(page[offset : offset + size].tobytes(), "little")

        def write(_engine: Any, offset: int, size: int, value: int, _data: object) -> None:
            page[offset : offset + size] = np.frombuffer(value.to_bytes(size, "little"), np.uint8)

        engine.mmio_map(_SYSTEM_CONTROL, _PAGE, read, None, write, None)

    def opens_long(self, half_words: np.ndarray) -> np.ndarray:
        """0b11101, 0b11110 and 0b11111 at the top open a 32-bit instruction."""
        return np.asarray((half_words >> 11) >= 0b11101)

    def stop_by_exception(self, number: int, pc: int, read: Read) -> Stop:
        """Tell a service from other breakpoints, and name the rest."""
        if number == _BREAKPOINT and read(pc, 2) == SERVICE:
            return Stop(None, pc, pc + 2)
        return Stop(_EXCEPTIONS.get(number, f"exception {number}"), pc)

    def stop_by_invalid(self, pc: int, read: Read) -> Stop:
        """Nothing but code that no Cortex-M knows."""
        return Stop("undefined instruction", pc)

    def wide_accesses(self, code: np.ndarray) -> WideAccesses:
        """LDM, STM, LDRD, STRD and their FPU kin."""
        names = [*(f"R{number}" for number in range(13)), "SP", "LR", "PC"]
        return WideAccesses(base_registers(code), np.array([_register(name) for name in names], np.int32))


def _register(name: str) -> int:
    return int(getattr(require_unicorn().arm_const, f"UC_ARM_REG_{name}"))


def base_registers(code: np.ndarray) -> np.ndarray:
    """Return per half-word of `code` (uint8) the base register of the multi-word access there, or 0xff, as uint8.

    Offsets of these instructions are multiples of 4, so the base alone decides. PUSH and POP use the stack
    pointer, which is always aligned. Encodings: Armv7-M Architecture Reference Manual, A5.2 and A5.3.
    """
    first = code.view("<u2")
    second = np.append(first[1:], np.uint16(0))
    bases = np.full(len(first), NO_BASE, np.uint8)
    bases[(first & 0xF000) == 0xC000] = ((first >> 8) & 7).astype(np.uint8)[(first & 0xF000) == 0xC000]
    wide = _is_multiple(first) | _is_double(first) | _is_vector(first, second)
    bases[wide] = (first & 15).astype(np.uint8)[wide]
    bases[wide & ((first & 15) == 15)] = NO_BASE  # relative to the pc: aligned down by the processor
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
