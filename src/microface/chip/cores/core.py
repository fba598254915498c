"""What microface has to know of a kind of core: how it starts and is called, and what stops it on the emulator."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from microface.errors import UserError

Read = Callable[[int, int], bytes]
"""From address and size to the bytes there."""


@dataclass(frozen=True)
class Registers:
    """The engine's numbers of registers: a call's `arguments` in their order, the first of which holds its result."""

    arguments: tuple[int, ...]
    stack: int
    link: int
    pc: int


@dataclass(frozen=True)
class Stop:
    """Why the engine left the code at `pc`: a fault of this `kind`.

    None where the firmware asks for a service, and goes on at `next_pc` when it has its answer.
    """

    kind: str | None
    pc: int
    next_pc: int = 0


@dataclass(frozen=True)
class WideAccesses:
    """Loads and stores of several words, which fault where their base is no multiple of 4.

    `bases` has the number of the base register per half-word of code, uint8, `NO_BASE` elsewhere; `register_ids` are
    the engine's numbers of those registers, int32.
    """

    bases: np.ndarray
    register_ids: np.ndarray


NO_BASE = 0xFF


class Core(ABC):
    """One kind of core. Code lies at even addresses in half-words; an instruction has one or two of them.

    `startup` is the template of its start-up code, `gcc` the command of its GNU compiler; `mf_service.h` tells how its
    firmware asks the emulator for a service. `condition` is (register, bits): what a fault in the
    middle of conditional code leaves behind in a register of the engine; (0, 0) where there is no such thing.
    """

    kind: ClassVar[str]
    startup: ClassVar[str]
    gcc: ClassVar[str]
    stack_alignment: ClassVar[int]

    @abstractmethod
    def open(self, model: str) -> Any:
        """Return a new engine of the core `model` without memory; a `UserError` where unicorn is not installed."""

    @property
    @abstractmethod
    def registers(self) -> Registers:
        """The registers that calls and services use."""

    @property
    def condition(self) -> tuple[int, int]:
        """See the class."""
        return 0, 0

    @abstractmethod
    def start(self, entry: int, stack_top: int, code_begin: bytes) -> tuple[int, int]:
        """Return (pc, stack pointer) at reset; `code_begin` are the first bytes of the code's memory."""

    def code_address(self, address: int) -> int:
        """Return `address` as a jump to it wants it."""
        return address

    def connect(self, engine: Any) -> None:
        """Give `engine` the registers of the core that firmware sets up and that are no memory of the chip."""
        del engine

    @abstractmethod
    def opens_long(self, half_words: np.ndarray) -> np.ndarray:
        """Tell per half-word, uint16, whether an instruction that begins there has two."""

    @abstractmethod
    def stop_by_exception(self, number: int, pc: int, read: Read) -> Stop:
        """Return what the engine's exception `number` means, raised with its program counter at `pc`."""

    @abstractmethod
    def stop_by_invalid(self, pc: int, read: Read) -> Stop:
        """Return what it means that the engine does not know the instruction at `pc`."""

    def wide_accesses(self, code: np.ndarray) -> WideAccesses | None:
        """Return the accesses of several words in `code`, uint8; None where the core has none that must be aligned."""
        del code
        return None


def require_unicorn() -> Any:
    """Return the module `unicorn`; a `UserError` where it is not installed."""
    try:
        import unicorn
    except ImportError as error:
        raise UserError("unicorn", "is not installed", "install microface[emulator]") from error
    return unicorn
