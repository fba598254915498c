"""RISC-V, 32 bits: RV32IMC code. Services are ECALL. Single loads and stores may be unaligned, as on GAP8's cores."""

from functools import cached_property
from typing import Any

import numpy as np

from microface.chip.cores.core import Core, Read, Registers, Stop, require_unicorn

_ARGUMENTS = 8
# The privileged architecture's causes; the engine tells ECALL by the mode it comes from.
_ILLEGAL = 2
_CALLS = (8, 9, 11)
_CAUSES = {0: "unaligned execution", 1: "execution outside memory", _ILLEGAL: "illegal instruction"}
_BREAKPOINTS = (bytes.fromhex("73001000"), bytes.fromhex("0290"))  # EBREAK, C.EBREAK
# Unicorn 2.1.4 counts the program counter on by this before its hook runs, however long the instruction is.
_AHEAD = 4


class RiscV(Core):
    """`model` is a name of the engine's RISCV32 cores; SIFIVE_E31 has no floating point, as GAP8 has none."""

    kind = "riscv"
    startup = "startup_riscv.c.j2"
    gcc = "riscv64-unknown-elf-gcc"
    stack_alignment = 16

    def open(self, model: str) -> Any:
        """Return a new engine."""
        unicorn = require_unicorn()
        engine = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        engine.ctl_set_cpu_model(getattr(unicorn.riscv_const, f"UC_CPU_RISCV32_{model}"))
        return engine

    @cached_property
    def registers(self) -> Registers:
        """The first eight arguments lie in a0 to a7."""
        arguments = tuple(_register(f"A{i}") for i in range(_ARGUMENTS))
        return Registers(arguments, _register("SP"), _register("RA"), _register("PC"))

    def start(self, entry: int, stack_top: int, code_begin: bytes) -> tuple[int, int]:
        """Begin where the ELF file says; start-up sets the stack pointer itself."""
        return entry, stack_top

    def opens_long(self, half_words: np.ndarray) -> np.ndarray:
        """0b11 at the bottom opens a 32-bit instruction."""
        return np.asarray((half_words & 3) == 3)

    def stop_by_exception(self, number: int, pc: int, read: Read) -> Stop:
        """An environment call is a service, everything else a fault."""
        at = pc - _AHEAD
        if number in _CALLS:
            return Stop(None, at, pc)
        return Stop(_CAUSES.get(number, f"exception {number}"), at)

    def stop_by_invalid(self, pc: int, read: Read) -> Stop:
        """Breakpoints come this way, too."""
        code = read(pc, 2)
        found = code == _BREAKPOINTS[1] or (code == _BREAKPOINTS[0][:2] and read(pc, 4) == _BREAKPOINTS[0])
        return Stop("breakpoint" if found else _CAUSES[_ILLEGAL], pc)


def _register(name: str) -> int:
    return int(getattr(require_unicorn().riscv_const, f"UC_RISCV_REG_{name}"))
