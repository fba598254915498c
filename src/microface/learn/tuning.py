"""Settings of the process that training on few, shared cores needs; all have to come before torch is loaded.

Measured on two cores with one other busy process: waiting threads that spin take a training step from 0.25 s to 5 s;
memory that is given back and taken again for every activation costs another 15 %.
"""

import contextlib
import ctypes
import os

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def prepare_process() -> None:
    """Let waiting OpenMP threads sleep and keep freed memory (glibc; elsewhere only the first)."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        libc.mallopt(_M_ARENA_MAX, 1)
