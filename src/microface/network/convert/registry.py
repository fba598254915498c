"""Registries: which function reads an operator of another tool, and which writes one of ours in its form."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from microface.errors import UserError
from microface.network.ops import Operator


class Placed(Protocol):
    """An operator of a file."""

    @property
    def where(self) -> str:
        """The operator, for messages."""
        ...


State = TypeVar("State")
"""What a file is read into."""
Theirs = TypeVar("Theirs", bound=Placed)
"""An operator of the file."""
Result = TypeVar("Result")
"""What a converter gives."""


Function = TypeVar("Function", bound=Callable[..., object])


class _ByKind(Generic[Function]):
    """Functions by the kinds of operators that they are for; a function is registered by decorating it."""

    def __init__(self) -> None:
        self._by_kind: dict[str, Function] = {}

    def __call__(self, *kinds: str) -> Callable[[Function], Function]:
        """Register a function for operators of these `kinds`."""

        def register(function: Function) -> Function:
            self._by_kind.update(dict.fromkeys(kinds, function))
            return function

        return register


class Converters(_ByKind[Callable[[State, Theirs], Result]], Generic[State, Theirs, Result]):
    """Functions that read operators, by their kinds in the file.

    `mend` says what helps where an operator does not hold together.
    """

    def __init__(self, mend: str) -> None:
        super().__init__()
        self.mend = mend

    def read(self, kind: str, state: State, op: Theirs, path: Path) -> Result:
        """Return what the converter of `kind` gives for `op` of the file at `path`.

        Whatever is wrong is a `UserError` that names file and operator.
        """
        where = f"{path}: {op.where}"
        if kind not in self._by_kind:
            raise UserError(where, "is not supported", f"microface reads {', '.join(sorted(self._by_kind))}")
        try:
            with np.errstate(all="ignore"):
                return self._by_kind[kind](state, op)
        except UserError as error:
            place = f"{path}: {error.what}" if error.what.startswith(op.where) else f"{where}: {error.what}"
            raise UserError(place, error.reason, error.mend) from error
        except (ValueError, TypeError, ArithmeticError, LookupError, MemoryError) as error:
            raise UserError(where, f"does not hold together ({error})", self.mend) from error


Sink = TypeVar("Sink")
"""The file in the making that an exporter adds to."""


class Exporters(_ByKind[Callable[[Sink, Operator], None]], Generic[Sink]):
    """Functions that write operators in one `form`, by kind."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form

    def write(self, sink: Sink, operators: Iterable[Operator]) -> None:
        """Write `operators` in order; one that has no form is a `UserError` that names it."""
        for op in operators:
            if op.kind not in self._by_kind:
                raise UserError(
                    f"operator {op.name}", f"{op.kind} has no form in {self.form}", "export another network"
                )
            self._by_kind[op.kind](sink, op)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of operators that have a form."""
        return frozenset(self._by_kind)
