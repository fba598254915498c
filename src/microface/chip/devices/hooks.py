"""Compiled hooks: C functions that the engine calls directly, since Python would be a hundred times slower."""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

from microface.chip.firmware.host_library import load_host_library

_FOLDER = Path(__file__).parent
HOOK_INSTRUCTION = 1 << 2  # UC_HOOK_CODE
HOOK_BLOCK = 1 << 3  # UC_HOOK_BLOCK
HOOK_PAGE = 1 << 17  # UC_HOOK_TLB_FILL


@cache
def _library(source: str) -> ctypes.CDLL:
    return load_host_library(_FOLDER / source)


def engine_function(name: str) -> int | None:
    """Return the address of a function of the engine's C interface, for a hook to call."""
    from unicorn.unicorn_py3.unicorn import uclib

    return ctypes.cast(getattr(uclib, name), ctypes.c_void_p).value


def attach(engine: Any, kind: int, source: str, function: str, state: ctypes.Structure) -> None:
    """Let `engine` call `function` of the C file `source` for every event of `kind`, everywhere, with `state`."""
    from unicorn.unicorn_py3.unicorn import uclib

    hook = ctypes.cast(getattr(_library(source), function), ctypes.c_void_p)
    handle, place = ctypes.c_size_t(), ctypes.cast(ctypes.pointer(state), ctypes.c_void_p)
    everywhere = (ctypes.c_uint64(1), ctypes.c_uint64(0))
    status = uclib.uc_hook_add(engine._uch, ctypes.byref(handle), kind, hook, place, *everywhere)
    if status:
        raise RuntimeError(f"unicorn refuses a hook (error {status})")
