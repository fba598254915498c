"""RAM as data: what makes stores fast on the emulated chip without a change of what may be touched.

The engine leaves its slow path for a page's stores only where it takes the page for data and where no hook for bad
accesses covers the store. So pages are filled by a hook of ours, and the hooks for bad accesses leave out RAM, but for
the last bytes of each bank: an access that crosses a bank's end begins there.
"""

import ctypes
from typing import Any

from microface.chip.devices.hooks import HOOK_PAGE, attach, engine_function
from microface.chip.targets import Memory, Target

_WIDEST = 8
_LAST = (1 << 32) - 1


class _Bank(ctypes.Structure):
    _fields_ = (("origin", ctypes.c_uint64), ("end", ctypes.c_uint64))


class _State(ctypes.Structure):
    """mf_data_pages of data_pages.c."""

    _fields_ = (
        ("banks", ctypes.c_void_p),
        ("count", ctypes.c_uint64),
        ("read", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("condition", ctypes.c_int32),
        ("condition_bits", ctypes.c_uint32),
    )


class DataPages:
    """Lets `engine`, which has run nothing yet, take the RAM of `target` for data; `condition` as in `Core`."""

    def __init__(self, engine: Any, target: Target, condition: tuple[int, int]) -> None:
        import unicorn

        banks = ram_of(target)
        self._banks = (_Bank * len(banks))(*(_Bank(bank.origin, bank.end) for bank in banks))
        functions = (engine_function("uc_reg_read"), engine_function("uc_reg_write"))
        self._state = _State(ctypes.addressof(self._banks), len(banks), *functions, *condition)
        engine.ctl_set_tlb_mode(unicorn.UC_TLB_VIRTUAL)
        attach(engine, HOOK_PAGE, "data_pages.c", "mf_fill_page", self._state)


def ram_of(target: Target) -> list[Memory]:
    """Return the mapped banks of RAM by rising address."""
    return sorted(target.ram, key=lambda bank: bank.origin)


def outside_ram(target: Target) -> list[tuple[int, int]]:
    """Return the first and last address of every stretch without RAM, each with the last bytes of the bank below."""
    banks = ram_of(target)
    begins = [0, *(bank.end - _WIDEST for bank in banks)]
    ends = [*(bank.origin - 1 for bank in banks), _LAST]
    return [(begin, end) for begin, end in zip(begins, ends, strict=True) if begin <= end]
