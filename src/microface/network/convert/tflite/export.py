"""A TFLite file in the making: tensors, constants, operators, and what exporters share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from microface.errors import UserError
from microface.network.convert.registry import Exporters
from microface.network.convert.tflite.build import Scalar, Value, Vector
from microface.network.convert.tflite.model import TfTensor
from microface.network.convert.tflite.ranges import activation_range
from microface.network.convert.tflite.schema import ACTIVATIONS
from microface.network.convert.tflite.write import OutOperator, OutTensor
from microface.network.network import IntegerNetwork
from microface.network.nibbles import pack_nibbles
from microface.network.ops import Operator
from microface.network.ops.window import Padding, Pair, same_padding
from microface.network.tensors import Shape, Tensor

DTYPES = {"s8": "int8", "s16": "int16"}
VALID = Scalar("b", 1)
SAME = Scalar("b", 0)


@dataclass
class Export:
    """The file so far; `numbers` are the file's numbers of the network's tensors."""

    network: IntegerNetwork
    tensors: list[OutTensor] = field(default_factory=list)
    operators: list[OutOperator] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Return the file's number of the network's tensor `name`."""
        if name not in self.numbers:
            tensor = self.network.tensors[name]
            self.numbers[name] = self.computed(name, tensor.shape, tensor)
        return self.numbers[name]

    def ends(self, op: Operator) -> tuple[Tensor, Tensor]:
        """Return the first input and the output of `op`."""
        return self.network.tensors[op.inputs[0]], self.network.tensors[op.output]

    def computed(self, name: str, shape: Shape, like: Tensor) -> int:
        """Add a computed tensor of `shape` with the quantisation of `like`."""
        if like.dtype not in DTYPES:
            raise UserError(f"tensor {name}", f"is {like.dtype}", "TFLite takes int8 and int16: quantise it to s8")
        out = OutTensor(name, (1, *shape), DTYPES[like.dtype], [float(np.float32(like.scale))], [like.zero_point])
        return self.add(out)

    def constant(self, name: str, data: np.ndarray, dtype: str, scales: np.ndarray | None = None, axis: int = 0) -> int:
        """Add a constant, quantised by `scales` along `axis` with zero points of 0, or plain."""
        factors = [] if scales is None else [float(scale) for scale in scales]
        stored = pack_nibbles(data) if dtype == "int4" else data
        return self.add(OutTensor(name, data.shape, dtype, factors, [0] * len(factors), axis, stored))

    def integers(self, name: str, values: object) -> int:
        """Add plain int32 `values`: axes, sizes, places."""
        return self.constant(name, np.array(values, np.int32), "int32")

    def value(self, name: str, value: int, like: Tensor) -> int:
        """Add one constant integer with the quantisation of `like`."""
        data = np.array([value], like.numpy_dtype)
        return self.add(
            OutTensor(name, (1,), DTYPES[like.dtype], [float(np.float32(like.scale))], [like.zero_point], 0, data)
        )

    def add(self, tensor: OutTensor) -> int:
        """Add a tensor; return its number."""
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def emit(self, name: str, inputs: tuple[int, ...], output: int, options: Mapping[int, Value] | None = None) -> None:
        """Append an operator."""
        self.operators.append(OutOperator(name, inputs, (output,), options or {}))

    def emit_as(
        self, name: str, op: Operator, constants: tuple[int, ...] = (), options: Mapping[int, Value] | None = None
    ) -> None:
        """Append `op` as the operator `name`: its inputs, then `constants`."""
        inputs = tuple(self.number(each) for each in op.inputs)
        self.emit(name, (*inputs, *constants), self.number(op.output), options)

    def reshape(self, source: int, target: int) -> None:
        """Append a RESHAPE to the shape of `target`."""
        shape = np.array(self.tensors[target].shape, np.int32)
        wanted = self.constant(f"{self.tensors[target].name}_shape", shape, "int32")
        self.emit("RESHAPE", (source, wanted), target, {0: Vector(shape)})

    def activation(self, op: Operator, lo: int, hi: int) -> Scalar:
        """Return the fused activation that cuts to `lo` .. `hi`."""
        output = self.network.tensors[op.output]
        given = quantised(output)
        for number, name in ACTIVATIONS.items():
            if name not in ("TANH", "SIGN_BIT") and activation_range(name, given, output) == (lo, hi):
                return Scalar("b", number)
        raise UserError(f"operator {op.name}", f"cuts to {lo}..{hi}", "TFLite has relu, relu6 and relu_n1_to_1")

    def padded(self, op: Operator, padding: Padding, size: Pair, stride: Pair, dilation: Pair) -> tuple[int, Scalar]:
        """Return the input's number and the option for its padding; a PAD goes before where neither option fits."""
        source = self.network.tensors[op.inputs[0]]
        kind = padding_kind(source.shape, padding, size, stride, dilation)
        if kind is not None:
            return self.number(source.name), kind
        wide = self.widened(op, padding)
        sides = self.integers(f"{op.name}_sides", sides_of(padding))
        self.emit("PAD", (self.number(source.name), sides), wide)
        return wide, VALID

    def widened(self, op: Operator, padding: Padding) -> int:
        """Add a tensor for the input of `op` with `padding` around it."""
        source = self.network.tensors[op.inputs[0]]
        top, bottom, left, right = padding
        shape = (source.shape[0] + top + bottom, source.shape[1] + left + right, source.shape[2])
        return self.computed(f"{op.name}_padded", shape, source)


def padding_kind(source: Shape, padding: Padding, size: Pair, stride: Pair, dilation: Pair) -> Scalar | None:
    """Return the option that means `padding`, None where neither VALID nor SAME does."""
    extent = ((size[0] - 1) * dilation[0] + 1, (size[1] - 1) * dilation[1] + 1)
    if padding == (0, 0, 0, 0):
        return VALID
    return SAME if padding == same_padding((source[0], source[1]), extent, stride) else None


def sides_of(padding: Padding) -> np.ndarray:
    """Return int32 [4, 2]: how many values PAD adds before and after each axis."""
    top, bottom, left, right = padding
    return np.array([(0, 0), (top, bottom), (left, right), (0, 0)], np.int32)


def quantised(tensor: Tensor) -> TfTensor:
    """Return a file's record of a tensor of the network."""
    scales, points = np.array([tensor.scale], np.float32), np.array([tensor.zero_point])
    return TfTensor(0, tensor.name, tensor.shape, DTYPES.get(tensor.dtype, tensor.dtype), scales, points, 0, None)


def whole(value: int) -> Scalar:
    """Return an option of 32 bits."""
    return Scalar("i", value)


exports: Exporters[Export] = Exporters("TFLite")
"""Registers the exporter of a kind of operator."""
