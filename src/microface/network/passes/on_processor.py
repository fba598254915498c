"""Layers of the MAX78000's accelerator as operators of a processor: the same integers, by the kernels that are there.

A power-of-two shift that rounds half up is one high multiply:

    (acc + 2^(right - 1)) >> right = (acc * 2^left * 2^(32 - right - left) + 2^31) >> 32,   left = max(0, 2 - right)

The accelerator's averages, cut toward zero or rounded half away from zero, stay layers of their own without
convolution; processors have a kernel for them.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from microface.errors import UserError
from microface.network.network import IntegerNetwork
from microface.network.ops import Add, Conv2D, Dense, MaxPool, Operator
from microface.network.ops.max78000 import AcceleratorConv, AcceleratorLayer, Passthrough
from microface.network.ops.max78000.convolution import BIAS_UNIT
from microface.network.requantise import HighMul, NoRequantise, ShiftHalfUp
from microface.network.tensors import Tensor

_FACTORS = {"add": (1, 1), "sub": (1, -1)}


def match(network: IntegerNetwork) -> bool:
    """Say whether `network` has layers of the accelerator that a processor runs as other operators."""
    return any(isinstance(op, AcceleratorLayer) and not is_average(op) for op in network.operators)


def is_average(op: Operator) -> bool:
    """Say whether `op` is nothing but an average by the accelerator's rounding."""
    return isinstance(op, Passthrough) and op.pool == "average" and op.eltwise == "none"


def apply(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` for a processor; what only the accelerator does (abs, or, xor, ...) is a `UserError`."""
    if not match(network):
        return network
    tensors, operators = dict(network.tensors), list[Operator]()
    for op in network.operators:
        operators += _Layer(op, tensors).operators() if isinstance(op, AcceleratorLayer) else [op]
    return IntegerNetwork(network.name, tensors, tuple(operators), network.inputs, network.outputs)


class _Layer:
    """One layer on its way; `tensors` takes what lies between its operators."""

    def __init__(self, op: AcceleratorLayer, tensors: dict[str, Tensor]) -> None:
        self.op, self.tensors = op, tensors

    def operators(self) -> list[Operator]:
        """Return pools, combination and convolution; the last one writes the layer's output."""
        steps = list(self._steps())
        last = replace(steps[-1], output=self.op.output, name=self.op.name)
        return [*steps[:-1], last]

    def _steps(self) -> Iterator[Operator]:
        op, names = self.op, list(self.op.inputs)
        if op.eltwise != "none" and not op.pool_first:
            yield (combined := self._combination(names))
            names = [combined.output]
        pools = [self._pool(name) for name in names] if op.pool != "none" else []
        yield from pools
        names = [pool.output for pool in pools] or names
        if op.eltwise != "none" and op.pool_first:
            yield (combined := self._combination(names))
            names = [combined.output]
        if isinstance(op, AcceleratorConv):
            yield self._convolution(op, names[0])
        elif op.pool == "none" and op.eltwise == "none":
            yield MaxPool(op.name, (names[0],), op.output, (1, 1), (1, 1))

    def _between(self, part: str, source: str, shape: tuple[int, int, int]) -> str:
        name = f"{self.op.name}_{part}_{source}"
        self.tensors[name] = replace(self.tensors[source], name=name, shape=shape)
        return name

    def _pool(self, source: str) -> Operator:
        op, shape = self.op, self.tensors[source].shape
        pooled = (*op.pooling.output(op.name, shape), shape[2])
        output = self._between("pool", source, pooled)
        if op.pool == "max":
            return MaxPool(output, (source,), output, op.pool_size, op.pool_stride)
        size = {"pool_size": op.pool_size, "pool_stride": op.pool_stride, "pool_rounding": op.pool_rounding}
        return Passthrough(output, (source,), output, pool="average", **size)  # type: ignore[arg-type]

    def _combination(self, names: list[str]) -> Operator:
        if self.op.eltwise not in _FACTORS or len(names) != 2:
            self._refuse(f"combines {len(names)} tensors by {self.op.eltwise}")
        first, second = _FACTORS[self.op.eltwise]
        output = self._between("sum", names[0], self.tensors[names[0]].shape)
        return Add(output, (names[0], names[1]), output, first, second, 0, 0, -128, 127)

    def _convolution(self, op: AcceleratorConv, source: str) -> Operator:
        if op.operation == "convtranspose2d" or op.activation == "abs" or op.dilation != (1, 1):
            self._refuse(f"is a {op.operation} with activation {op.activation} and dilation {max(op.dilation)}")
        rule, bias = self._rule(op), BIAS_UNIT * op.bias.astype(np.int32)
        if op.operation == "linear":
            weights = op.weights.reshape(len(op.weights), -1)
            return Dense(op.name, (source,), op.output, weights, bias, rule)
        rows, columns = op.padding
        padding = (rows, rows, columns, columns)
        return Conv2D(op.name, (source,), op.output, op.weights, bias, rule, (1, 1), padding)

    @staticmethod
    def _rule(op: AcceleratorConv) -> HighMul | NoRequantise:
        if not isinstance(op.requantise, ShiftHalfUp):
            return NoRequantise()
        right, count = op.requantise.right, len(op.weights)
        left = max(0, 2 - right)
        factors = np.full(count, left, np.int32), np.full(count, 1 << (32 - right - left), np.int32)
        return HighMul(*factors, 0, 0 if op.activation == "relu" else -128, 127)

    def _refuse(self, what: str) -> None:
        raise UserError(f"operator {self.op.name}", f"{what}, which only the accelerator does", "use --target max78000")
