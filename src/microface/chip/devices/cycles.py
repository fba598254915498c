"""Cycles of a Cortex-M4 for instructions that were counted: an estimate by the kinds of its reference manual.

Cortex-M4 Technical Reference Manual, table 3-1: one cycle, but for loads (2; 1 behind another access), LDM, STM, PUSH
and POP of n registers (n + 1), LDRD and STRD (3), taken branches (1 + 1..3), MLA and MLS (2), divisions (2..12).
Flash with wait states stalls a core without instruction cache at each taken branch: low counts no such stall, high
all of them. Loads of weights count as loads from RAM: kernels widen them once into scratch and read that many times.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BRANCH_LOW, BRANCH_HIGH = 1, 3
DIVIDE_LOW, DIVIDE_HIGH = 2, 12


@dataclass(frozen=True)
class Kind:
    """What one instruction takes: cycles (low, high), and whether it may or must branch besides."""

    low: int = 1
    high: int = 1
    may_branch: bool = False
    must_branch: bool = False


PLAIN = Kind()
_ACCESS = Kind(1, 2)
_BRANCH = Kind(must_branch=True)
_BRANCH_IF = Kind(may_branch=True)
_MULTIPLY_ADD = Kind(2, 2)
_DIVIDE = Kind(DIVIDE_LOW, DIVIDE_HIGH)


def _several(registers: int, branch: bool = False) -> Kind:
    count = 1 + registers.bit_count()
    return Kind(count, count, must_branch=branch)


def kind_of(first: int, second: int) -> Kind:
    """Return the kind of the Thumb instruction with half-words `first` and, where it is wide, `second`."""
    return _wide(first, second) if first >> 11 >= 0b11101 else _narrow(first)


def _narrow(code: int) -> Kind:
    top = code >> 12
    if top == 0b0100:
        return _ACCESS if code >> 11 == 0b01001 else _BRANCH if code >> 8 == 0x47 else PLAIN
    if top in (0b0101, 0b0110, 0b0111, 0b1000, 0b1001):
        return _ACCESS
    if top == 0b1011:
        return _narrow_misc(code)
    if top == 0b1100:
        return _several(code & 0xFF)
    if top == 0b1101:
        return _BRANCH_IF if code >> 8 & 15 < 14 else PLAIN
    return _BRANCH if code >> 11 == 0b11100 else PLAIN


def _narrow_misc(code: int) -> Kind:
    if code & 0x0500 == 0x0100 and code & 0x0F00 != 0x0F00:
        return _BRANCH_IF  # CBZ, CBNZ
    if code & 0x0E00 == 0x0400:
        return _several(code & 0x1FF)  # PUSH
    if code & 0x0E00 == 0x0C00:
        return _several(code & 0x1FF, branch=bool(code & 0x100))  # POP
    return PLAIN


def _wide(first: int, second: int) -> Kind:
    if first & 0xFE40 == 0xE800:
        return _several(second, branch=bool(first & 0x10 and second & 0x8000))
    if first & 0xFE40 == 0xE840:
        return _wide_dual(first, second)
    if first & 0xFE00 == 0xF800:
        return _ACCESS
    if first & 0xF800 == 0xF000 and second & 0x8000:
        return _wide_branch(first, second)
    if first & 0xFFF0 == 0xFB00 and second >> 12 != 15:
        return _MULTIPLY_ADD
    return _DIVIDE if first & 0xFFD0 == 0xFB90 else PLAIN


def _wide_dual(first: int, second: int) -> Kind:
    if first & 0xFFF0 == 0xE8D0 and second & 0xFFE0 == 0xF000:
        return Kind(2, 2, must_branch=True)  # TBB, TBH
    return Kind(3, 3)


def _wide_branch(first: int, second: int) -> Kind:
    if second & 0x5000:
        return _BRANCH  # B.W, BL
    return _BRANCH_IF if first >> 6 & 14 != 14 else PLAIN


def cycles(addresses: np.ndarray, runs: np.ndarray, code: bytes, origin: int, wait_states: int) -> tuple[int, int]:
    """Return (low, high) cycles of a Cortex-M4 for instructions at `addresses` that ran `runs` times each.

    `code` are the bytes from `origin` on. A conditional branch is taken at least as often as what follows it lacks.
    """
    low = high = 0
    for kind, run, fell_through in _kinds(addresses, runs, code, origin):
        least = run if kind.must_branch else max(run - fell_through, 0) if kind.may_branch else 0
        most = run if kind.must_branch or kind.may_branch else 0
        low += run * kind.low + least * BRANCH_LOW
        high += run * kind.high + most * (BRANCH_HIGH + wait_states)
    return low, high


def _kinds(addresses: np.ndarray, runs: np.ndarray, code: bytes, origin: int) -> Iterator[tuple[Kind, int, int]]:
    counted = dict(zip(addresses.tolist(), runs.tolist(), strict=True))
    for address, run in counted.items():
        place = address - origin
        first = int.from_bytes(code[place : place + 2], "little")
        wide = first >> 11 >= 0b11101
        second = int.from_bytes(code[place + 2 : place + 4], "little")
        yield kind_of(first, second), run, counted.get(address + (4 if wide else 2), 0)
