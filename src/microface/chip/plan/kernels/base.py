"""What a plan must know of a C kernel: when it fits, what it needs, how its tables are laid out, what it costs."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.tensors import Tensor

Tables = dict[str, np.ndarray]
"""Constant tables by the name of the pointer in the argument struct; the dtype is the C type."""

Fields = dict[str, int]
"""Integers by the name of the member of the argument struct."""


class Kernel(ABC):
    """One C function that runs an operator, or a run of operators that begins with it.

    The function is `void FUNCTION(const FUNCTION_args *args, const T *input, U *output, void *scratch)`; ADD has
    two inputs. `source`, `header` and `helpers` (sources that kernels share) lie in `chip/firmware/runtime`. A
    kernel is right only on a target that has all its `features`. A `view` has no function: its output is its
    input's bytes.
    """

    function: ClassVar[str] = ""
    source: ClassVar[str] = ""
    helpers: ClassVar[tuple[str, ...]] = ()
    header: ClassVar[str] = "mf_kernels.h"
    features: ClassVar[frozenset[str]] = frozenset()
    view: ClassVar[bool] = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The C files to compile, none for a view."""
        return (self.source, *self.helpers) if self.source else ()

    @abstractmethod
    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Say whether the kernel computes `op` exactly."""

    def operators(self, op: Operator, network: IntegerNetwork) -> tuple[Operator, ...]:
        """Return the operators that one call runs, `op` first; only the last one's output reaches memory."""
        return (op,)

    def inputs(self, op: Operator, network: IntegerNetwork) -> tuple[str, ...]:
        """Return the tensors that the C function takes, in its order."""
        return op.inputs

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the bytes of scratch, aligned to 4, that one call needs."""
        return 0

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int | None:
        """Return how far before its input the output must begin for the two to overlap; None: they never may.

        The call is right whenever input offset - output offset >= the lead (in bytes). 0: the output may take the
        input's own place. Where there are two inputs it holds for the one that is overlapped, either of them.
        """
        return None

    def in_place(self, op: Operator, network: IntegerNetwork) -> bool:
        """Say whether the output takes the first input's very place where that dies: as many bytes, elsewhere wrong."""
        return False

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the constant tables as the kernel reads them."""
        return {}

    def owner(self, table: str, operators: tuple[Operator, ...]) -> Operator:
        """Return which of the call's `operators` the `table` of `pack` belongs to."""
        return operators[0]

    @abstractmethod
    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the integers of the argument struct."""

    @abstractmethod
    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return an estimate of the instructions of one call on a core with its `features`, else on Armv7E-M."""


def source_of(op: Operator, network: IntegerNetwork) -> Tensor:
    """Return the first tensor that `op` reads."""
    return network.tensors[op.inputs[0]]


def target_of(op: Operator, network: IntegerNetwork) -> Tensor:
    """Return the tensor that `op` writes."""
    return network.tensors[op.output]


def pixels_of(tensor: Tensor) -> int:
    """Return rows times columns of `tensor`."""
    return tensor.shape[0] * tensor.shape[1]


def are_bytes(op: Operator, network: IntegerNetwork) -> bool:
    """Say whether all inputs of `op` are s8."""
    return all(network.tensors[name].dtype == "s8" for name in op.inputs)
