"""LOOKUP: any function of one byte, as a table of its 256 values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, Operator
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Lookup(Operator):
    """y = table[x + 128]; `table` is int8 [256]."""

    kind: ClassVar[str] = "lookup"

    table: np.ndarray

    def shape(self, *inputs: Shape) -> Shape:
        """Return the input's shape."""
        (source,) = inputs
        return source

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the table's values."""
        return np.asarray(self.table[values[0].astype(np.int64) + 128])

    def cost(self, *inputs: Shape) -> Cost:
        """Return the bytes of the table."""
        return Cost(constant_bytes=256)

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require bytes on both sides."""
        if {inputs[0].dtype, output.dtype} != {"s8"} or self.table.shape != (256,):
            raise UserError(f"operator {self.name}", "looks up something else than bytes", "use s8 tensors")
