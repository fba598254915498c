"""What an ONNX file is read into: the network so far, and the converters by the kinds of nodes."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.model import OnnxModel, OnnxNode
from microface.network.convert.onnx.values import (
    SHIFT,
    Affine,
    Constant,
    Dims,
    FloatInput,
    Looked,
    Pending,
    Place,
    Quantisation,
    Value,
    moved,
)
from microface.network.convert.registry import Converters
from microface.network.ops import Operator
from microface.network.ops.tflite import Constant as FixedValues
from microface.network.ops.tflite import Reshape, Transpose
from microface.network.tensors import Shape, Tensor

Known = Value | Pending | Constant | FloatInput | Place | Looked | np.ndarray
_LONGEST_NAME = 60
_MOST_VALUES = 1 << 26


@dataclass
class Conversion:
    """The network so far; `values` says what each name of the file stands for."""

    model: OnnxModel
    values: dict[str, Known] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)

    def known(self, node: OnnxNode, number: int) -> Known:
        """Return what input `number` of `node` stands for."""
        name = node.input(number)
        if name not in self.values:
            reason = f"reads {name} before it is computed" if name else f"lacks its input {number}"
            raise UserError(node.where, reason, "export it again")
        return self.values[name]

    def value(self, node: OnnxNode, number: int = 0) -> Value:
        """Return the 8-bit activation that input `number` of `node` is."""
        found = self.known(node, number)
        if isinstance(found, Pending) and found.grid is not None:
            self.values[node.input(number)] = found = found.quantised(node.input(number), found.grid)
        if isinstance(found, Constant):
            self.values[node.input(number)] = found = self._fixed(node, number, found)
        if isinstance(found, Value):
            return found
        kind = "a float constant" if isinstance(found, np.ndarray) else "a float value"
        mend = "quantise the whole model: QuantizeLinear and DequantizeLinear around every node"
        raise UserError(node.where, f"reads {kind}: {node.input(number)}", mend)

    def _fixed(self, node: OnnxNode, number: int, given: Constant) -> Value:
        """Add a quantised constant, whose first size is the batch, as an operator that gives it."""
        batch, *sizes = given.integers.shape or (1,)
        if batch != 1:
            raise UserError(node.where, f"reads a constant of {batch} images", "export it with a batch of 1")
        dims, affine = tuple(sizes), given.quantisation.single(node.where)
        tensor = self.declare(node.input(number), shape_of(dims), affine)
        values = (given.integers.astype(np.int32) - SHIFT[given.quantisation.dtype]).astype(np.int8)
        turned = values[0].transpose(1, 2, 0) if len(dims) == 3 else values.reshape(tensor.shape)
        self.emit(FixedValues(tensor.name, (), tensor.name, np.ascontiguousarray(turned)))
        return Value(tensor.name, dims)

    def array(self, node: OnnxNode, number: int) -> np.ndarray:
        """Return input `number` of `node`, a plain constant."""
        found = self.known(node, number)
        if isinstance(found, np.ndarray):
            return found
        raise UserError(node.where, f"computes {node.input(number)}", "export it as a constant (constant folding)")

    def quantisation(self, node: OnnxNode, first: int, dtype: str = "uint8", axis: int = 0) -> Quantisation:
        """Return the scales and zero points that are inputs `first` and the next of `node`."""
        scales = self.array(node, first).astype(np.float32).reshape(-1)
        points = self.array(node, first + 1).reshape(-1) if node.input(first + 1) else np.zeros(1, dtype)
        if not (scales.size and np.all(np.isfinite(scales)) and np.all(scales > 0) and points.size in (1, scales.size)):
            raise UserError(node.where, "has scales that are not positive", "calibrate it again")
        return Quantisation(scales, points.astype(np.int64), str(points.dtype), axis)

    def tensor(self, value: Value) -> Tensor:
        """Return the network's tensor that holds `value`."""
        return self.tensors[value.tensor]

    def declare(self, wanted: str, shape: Shape, affine: Affine) -> Tensor:
        """Add a computed int8 tensor."""
        if int(np.prod([float(size) for size in shape])) > _MOST_VALUES:
            raise UserError(wanted, f"has shape {shape}", "this is no network for a microcontroller")
        name = self.unique(wanted)
        self.tensors[name] = Tensor(name, shape, "s8", affine.scale, affine.zero_point)
        return self.tensors[name]

    def emit(self, operator: Operator) -> None:
        """Append `operator`."""
        self.operators.append(operator)

    def unique(self, wanted: str) -> str:
        """Return a short name that no tensor has; what quantisers add to names is left out."""
        plain = re.sub(r"_(Quantize|Dequantize)Linear(_Output|_Input)?$|_quantized$", "", wanted)
        short = re.sub(r"[^\w./:-]", "_", plain)[-_LONGEST_NAME:] or "tensor"
        taken, number = short, 2
        while taken in self.tensors:
            taken, number = f"{short}_{number}", number + 1
        return taken

    def viewed(self, value: Value, affine: Affine) -> Value:
        """Return the same integers read with another scale and zero point."""
        source = self.tensor(value)
        if (source.scale, source.zero_point) == (affine.scale, affine.zero_point):
            return value
        view = self.declare(f"{source.name}_view", source.shape, affine)
        self.emit(Reshape(view.name, (source.name,), view.name, view.shape))
        return Value(view.name, value.dims)

    def image(self, value: Value, where: str) -> Tensor:
        """Return the tensor (H, W, C) of a value with sizes C, H, W."""
        if len(value.dims) != 3:
            raise UserError(where, f"reads sizes {list(value.dims)}", "it takes channels, rows and columns")
        channels, rows, columns = value.dims
        source = self.tensor(value)
        if source.shape == (rows, columns, channels):
            return source
        whole = self.reshaped(self.flat(value), (channels, rows, columns), "rows")
        return self._turned(whole, (1, 2, 0))

    def flat(self, value: Value) -> Tensor:
        """Return the tensor (1, 1, n) that holds the values in the file's order."""
        source = self.tensor(value)
        rows, columns, channels = source.shape
        if rows * columns > 1 and channels > 1:
            source = self._turned(source, (2, 0, 1))
        return self.reshaped(source, (1, 1, value.count), "flat")

    def moved(self, node: OnnxNode, move: Callable[[Value], Value]) -> Known:
        """Return the first input moved; where it still waits for its quantisation, that comes first."""
        given = self.known(node, 0)
        return moved(given, move) if isinstance(given, Pending) else move(self.value(node))

    def reshaped(self, source: Tensor, shape: Shape, suffix: str) -> Tensor:
        """Return the values of `source` in `shape`, by a reshape where it is not that already."""
        if source.shape == shape:
            return source
        result = self.declare(f"{source.name}_{suffix}", shape, Affine(source.scale, source.zero_point))
        self.emit(Reshape(result.name, (source.name,), result.name, shape))
        return result

    def _turned(self, source: Tensor, order: Shape) -> Tensor:
        rows, columns, channels = (source.shape[axis] for axis in order)
        affine = Affine(source.scale, source.zero_point)
        result = self.declare(f"{source.name}_turned", (rows, columns, channels), affine)
        self.emit(Transpose(result.name, (source.name,), result.name, order))
        return result


converts: Converters[Conversion, OnnxNode, Known | list[Known]] = Converters("export it again")
"""Registers the converter of nodes by their kinds; it gives what a node's outputs stand for, a list of several."""


def shape_of(dims: Dims) -> Shape:
    """Return the tensor shape (H, W, C) of a value with sizes `dims`: C, H, W, or anything as one vector."""
    if len(dims) == 3:
        return dims[1], dims[2], dims[0]
    return 1, 1, int(np.prod([int(size) for size in dims], dtype=np.int64))
