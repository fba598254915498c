"""What a TFLite file is read into: the network so far, and the registry of converters."""

import re
from dataclasses import dataclass, field

import numpy as np

from microface.errors import UserError
from microface.network.convert.registry import Converters
from microface.network.convert.tflite.model import TfModel, TfOperator, TfTensor
from microface.network.ops import Operator
from microface.network.ops.tflite import Constant
from microface.network.tensors import Shape, Tensor

_DTYPES = {"int8": "s8", "int16": "s16", "int32": "s32"}
LONGEST_NAME = 60


@dataclass
class Conversion:
    """The network so far. `names` says where each of the file's tensors lies; `tensors` holds them by name."""

    model: TfModel
    names: dict[int, str] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)

    def source(self, op: TfOperator, number: int) -> TfTensor:
        """Return the file's input `number` of `op`; a `UserError` where it is absent."""
        found = self.optional(op, number)
        if found is None:
            raise UserError(op.where, f"lacks its input {number}", "convert it again")
        return found

    def optional(self, op: TfOperator, number: int) -> TfTensor | None:
        """Return the file's input `number` of `op`, or None."""
        given = op.inputs[number] if number < len(op.inputs) else -1
        return None if given < 0 else self.model.tensors[given]

    def target(self, op: TfOperator, number: int = 0) -> TfTensor:
        """Return the file's output `number` of `op`."""
        if number >= len(op.outputs):
            raise UserError(op.where, f"lacks its output {number}", "convert it again")
        return self.model.tensors[op.outputs[number]]

    def computed(self, op: TfOperator, number: int = 0) -> Tensor:
        """Return the network's tensor that is input `number` of `op`."""
        given = self.source(op, number)
        if given.index not in self.names:
            if given.dtype not in _DTYPES:
                raise UserError(given.where, f"is {given.dtype}", "quantise the whole model to int8 or int16")
            if given.data is None:
                raise UserError(op.where, f"reads a tensor before it is computed: {given.where}", "order the operators")
            self.constant(given, op.where)
        return self.tensors[self.names[given.index]]

    def declare(self, given: TfTensor, where: str) -> Tensor:
        """Add the file's tensor `given`, which is computed, to the network."""
        if given.index in self.names:
            raise UserError(where, f"writes {given.where} a second time", "convert it again")
        if given.dtype not in _DTYPES:
            raise UserError(f"{where}, {given.where}", f"is {given.dtype}", "quantise the model to int8 or int16")
        scale, zero_point = (given.scale, given.zero_point) if len(given.scales) else (1.0, 0)
        if given.dtype == "int16" and zero_point:
            raise UserError(f"{where}, {given.where}", f"has the zero point {zero_point}", "int16 has 0 in TFLite")
        name = self.unique(given.name)
        tensor = Tensor(name, shape_of(given), _DTYPES[given.dtype], float(scale), zero_point)
        self.names[given.index] = name
        self.tensors[name] = tensor
        return tensor

    def constant(self, given: TfTensor, where: str) -> None:
        """Add the file's constant `given` as an operator that gives it."""
        if given.dtype not in ("int8", "int16"):
            raise UserError(f"{where}, {given.where}", f"is {given.dtype}", "quantise constants as the rest")
        tensor = self.declare(given, where)
        values = given.constant.astype(tensor.numpy_dtype).reshape(tensor.shape)
        self.emit(Constant(tensor.name, (), tensor.name, values))

    def entry(self, given: TfTensor, result: TfTensor, where: str) -> None:
        """Let the integers `result` be the network's input in the place of the float input `given`."""
        if given.index in self.names:
            raise UserError(where, f"quantises {given.where} a second time", "quantise an input once")
        self.names[given.index] = self.declare(result, where).name

    def alias(self, given: TfTensor, source: Tensor, where: str) -> None:
        """Let the file's tensor `given` be `source`, whose integers it has."""
        if given.index in self.names:
            raise UserError(where, f"writes {given.where} a second time", "convert it again")
        self.names[given.index] = source.name

    def helper(self, like: Tensor, suffix: str) -> Tensor:
        """Add a tensor that the file does not have: `like` with another name."""
        name = self.unique(f"{like.name}_{suffix}")
        self.tensors[name] = Tensor(name, like.shape, like.dtype, like.scale, like.zero_point)
        return self.tensors[name]

    def emit(self, operator: Operator) -> None:
        """Append `operator`."""
        self.operators.append(operator)

    def unique(self, wanted: str) -> str:
        """Return a short name that no tensor has, from the first of the names that a converter joins by `;`."""
        short = re.sub(r"[^\w./:-]", "_", wanted.partition(";")[0])[-LONGEST_NAME:] or "tensor"
        taken, number = short, 2
        while taken in self.tensors:
            taken, number = f"{short}_{number}", number + 1
        return taken


converts: Converters[Conversion, TfOperator, None] = Converters("convert it again")
"""Registers the converter of operators by their names."""


def shape_of(given: TfTensor) -> Shape:
    """Return height, width, channels of a tensor whose other sizes, in front, are 1."""
    return shape_from(given.shape, given.where)


def shape_from(sizes: tuple[int, ...], where: str) -> Shape:
    """Return the last three of `sizes`, filled up with 1 in front; a batch other than 1 is a `UserError`."""
    if 0 in sizes:
        raise UserError(where, f"has shape {list(sizes)}", "convert it with fixed sizes")
    padded = (1, 1, 1, *sizes)
    if any(size != 1 for size in padded[:-3]):
        raise UserError(where, f"has shape {list(sizes)}", "convert it with a batch of 1")
    height, width, channels = padded[-3:]
    return height, width, channels


def axis_of(axis: int, rank: int, where: str) -> int:
    """Return which of height, width, channels (0, 1, 2) the `axis` of a tensor of `rank` is, below 0 for the batch."""
    if not -rank <= axis < max(rank, 1):
        raise UserError(where, f"names axis {axis} of {rank}", "convert it again")
    return (axis % rank if rank else 0) - rank + 3


def centred(given: TfTensor) -> np.ndarray:
    """Return a constant's integers less its zero point, int32 [H, W, C]."""
    return (given.constant.astype(np.int32) - given.zero_point).reshape(shape_of(given))
