"""Registries: which function writes an operator of ours in another tool's form."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from microface.errors import UserError
from microface.network.ops import Operator

Sink = TypeVar("Sink")
"""The file in the making that an exporter adds to."""


class Exporters(Generic[Sink]):
    """Functions that write operators in one `form`, by kind; a function is registered by decorating it."""

    def __init__(self, form: str) -> None:
        self.form = form
        self._by_kind: dict[str, Callable[[Sink, Operator], None]] = {}

    def __call__(self, *kinds: str) -> Callable[[Callable[[Sink, Operator], None]], Callable[[Sink, Operator], None]]:
        """Register a function as the exporter of operators of these `kinds`."""

        def register(exporter: Callable[[Sink, Operator], None]) -> Callable[[Sink, Operator], None]:
            self._by_kind.update(dict.fromkeys(kinds, exporter))
            return exporter

        return register

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
