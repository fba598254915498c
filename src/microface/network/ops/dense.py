"""FULLY_CONNECTED: each output sums over the whole input, flattened in H, W, C order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.base import Cost, WeightedOperator
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Dense(WeightedOperator):
    """Weights int8 [O, H * W * C], bias int32 [O]; the output is (1, 1, O)."""

    kind: ClassVar[str] = "dense"

    def shape(self, *inputs: Shape) -> Shape:
        """Return (1, 1, O)."""
        (source,) = inputs
        if math.prod(source) != self.weights.shape[1]:
            raise UserError(
                f"operator {self.name}", f"has weights for {self.weights.shape[1]} values, gets {source}", "fix it"
            )
        return (1, 1, self.weights.shape[0])

    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Sum in float64, exact below 2^53 and proved below 2^31 by `check`; then requantise in int64."""
        centred = values[0].reshape(len(values[0]), -1).astype(np.float64) - inputs[0].zero_point
        sums = (centred @ self.weights.T.astype(np.float64)).astype(np.int64) + self.bias
        return self.requantise.apply(sums)[:, None, None, :]

    def cost(self, *inputs: Shape) -> Cost:
        """Return O * H * W * C multiply-accumulates."""
        return Cost(int(self.weights.size), self.constant_bytes())

    def weights_per_output(self) -> np.ndarray:
        """Return int64 [O, H * W * C]."""
        return self.weights.astype(np.int64)
