"""Which kernel runs which operators: the list of C calls, in order."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from microface.chip.plan.kernels.base import Kernel
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator

Choose = Callable[[Operator, IntegerNetwork, Collection[str]], Kernel]
"""Gives the kernel for an operator of a network on a target with some features."""


@dataclass(frozen=True)
class Call:
    """One call of a C function (or none, for a view): it runs `operators` and writes the last one's output."""

    kernel: Kernel
    operators: tuple[Operator, ...]
    network: IntegerNetwork

    @property
    def first(self) -> Operator:
        """The operator that the kernel was chosen for."""
        return self.operators[0]

    @property
    def name(self) -> str:
        """The name of the last operator, whose output the call writes."""
        return self.operators[-1].name

    @property
    def label(self) -> str:
        """The name for people: of its operator, or of its first and last."""
        return self.name if len(self.operators) == 1 else f"{self.first.name} to {self.name}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the tensors that the function reads, in its order."""
        return self.kernel.inputs(self.first, self.network)

    @property
    def output(self) -> str:
        """Name of the tensor that the function writes."""
        return self.operators[-1].output

    @cached_property
    def scratch_bytes(self) -> int:
        """Bytes of scratch of the call."""
        return self.kernel.scratch_bytes(self.first, self.network)

    @cached_property
    def lead_bytes(self) -> int | None:
        """How far before a dying input the output must begin where both overlap; None: they never may."""
        return self.kernel.lead_bytes(self.first, self.network)

    @property
    def in_place(self) -> bool:
        """Whether the output takes the first input's very place where that dies."""
        return self.kernel.in_place(self.first, self.network)

    @cached_property
    def instructions(self) -> int:
        """Estimated instructions of the call."""
        return self.kernel.instructions(self.first, self.network)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the call."""
        return sum(self.network.cost_of(operator).macs for operator in self.operators)


def list_calls(network: IntegerNetwork, features: Collection[str], choose: Choose) -> tuple[Call, ...]:
    """Return the calls that run `network` with the kernels of `choose` on a target with `features`."""
    return tuple(_calls(network, features, choose))


def _calls(network: IntegerNetwork, features: Collection[str], choose: Choose) -> Iterator[Call]:
    done: set[str] = set()
    for operator in network.operators:
        if operator.name in done:
            continue
        kernel = choose(operator, network, features)
        operators = kernel.operators(operator, network)
        done.update(each.name for each in operators)
        yield Call(kernel, operators, network)
