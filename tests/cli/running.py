"""How a command line is run in tests, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How a command line ended: exit code and everything printed."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The error as one line."""
        return " ".join(self.err.split())


RunCli = Callable[..., Outcome]
