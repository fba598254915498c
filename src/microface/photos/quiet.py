"""Silence for libraries in C that write warnings of their own to the process's error stream (libjpeg, OpenCV)."""

import os
import threading
from types import TracebackType

_ERRORS = 2


class Quiet:
    """While a block `with quiet:` runs, in any thread, what is written to error stream 2 by number goes nowhere."""

    def __init__(self) -> None:
        self._lock, self._inside, self._kept = threading.Lock(), 0, -1

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._kept = os.dup(_ERRORS)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, _ERRORS)
                os.close(nowhere)
            self._inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                os.dup2(self._kept, _ERRORS)
                os.close(self._kept)


quiet = Quiet()
"""The one of this process."""
