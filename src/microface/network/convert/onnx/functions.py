"""Real functions of one value by the kinds of their nodes, for tables of bytes."""

from collections.abc import Callable, Mapping

import numpy as np

from microface.network.convert.onnx.values import Affine

Function = Callable[[np.ndarray], np.ndarray]
"""Float32 to float32."""
Attributes = dict[str, float]

FUNCTIONS: dict[str, Callable[[Mapping[str, float]], Function]] = {
    "Sigmoid": lambda _: lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": lambda _: np.tanh,
    "HardSwish": lambda _: lambda x: x * np.clip(x / 6 + np.float32(0.5), 0, 1),
    "LeakyRelu": lambda given: lambda x: np.where(x >= 0, x, np.float32(given.get("alpha", 0.01)) * x),
    "HardSigmoid": lambda given: lambda x: np.clip(given.get("alpha", 0.2) * x + given.get("beta", 0.5), 0, 1),
}
"""By a node's attributes."""


def slopes_of(table: np.ndarray, given: Affine, result: Affine) -> list[float]:
    """Return slopes below 0 that a leaky relu with this `table` int8 [256] may have, the roundest first."""
    x = np.arange(-128, given.zero_point)
    y = table[x + 128].astype(np.float64)
    inner = (y > -128) & (y < 127)
    if not inner.any():
        return []
    reach = (given.zero_point - x[inner]) * given.scale / result.scale
    fallen = result.zero_point - y[inner]
    middle = (((fallen - 0.5) / reach).max() + ((fallen + 0.5) / reach).min()) / 2
    return [float(np.float32(round(middle, digits))) for digits in range(1, 9)] if 0 < middle < np.inf else []
