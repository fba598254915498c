"""Nodes that only move values or change their sizes."""

from collections.abc import Callable

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.values import SHIFT, Affine, Constant, Dims, Value
from microface.network.ops import Pad
from microface.network.ops.tflite import Fill, Transpose
from microface.network.tensors import Tensor

_OURS, _THEIRS = (1, 2, 0), (2, 0, 1)
"""Which of C, H, W our axis is; which of our axes C, H, W is."""
_WIDEST = 1024


@converts("Identity", "Dropout")
def same(conversion: Conversion, node: OnnxNode) -> Known:
    """Nothing happens."""
    return conversion.known(node, 0)


@converts("Constant")
def constant(conversion: Conversion, node: OnnxNode) -> Known:
    """A constant in the graph."""
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if name in node.attributes:
            given = np.asarray(node.attributes[name])
            return given.astype(np.float32) if given.dtype == np.float64 else given
    raise UserError(node.where, "holds no numbers", "export it again")


@converts("Flatten", "Reshape", "Squeeze", "Unsqueeze")
def resized(conversion: Conversion, node: OnnxNode) -> Known:
    """Only the sizes change; behind an operator that still waits for its quantisation, afterwards."""
    return conversion.moved(node, lambda value: _RESIZES[node.kind](conversion, node, value))


def _flattened(_conversion: Conversion, node: OnnxNode, value: Value) -> Value:
    if node.integer("axis", 1) != 1:
        raise UserError(node.where, f"flattens from axis {node.integer('axis', 1)}", "flatten from axis 1")
    return Value(value.tensor, (value.count,))


def _reshaped(conversion: Conversion, node: OnnxNode, value: Value) -> Value:
    sizes = [int(size) for size in conversion.array(node, 1).reshape(-1)]
    filled = [(1, *value.dims)[at] if size == 0 and at <= len(value.dims) else size for at, size in enumerate(sizes)]
    if filled[:1] == [-1] and int(np.prod(filled[1:], dtype=np.int64)) == value.count:
        filled[0] = 1
    fixed = int(np.prod([size for size in filled if size > 0], dtype=np.int64))
    dims = tuple(value.count // fixed if size == -1 and fixed else size for size in filled)
    if not dims or dims[0] != 1 or filled.count(-1) > 1 or int(np.prod(dims, dtype=np.int64)) != value.count:
        raise UserError(node.where, f"makes {sizes} of {[1, *value.dims]}", "keep the batch in front, and 1")
    return Value(value.tensor, dims[1:])


def _squeezed(conversion: Conversion, node: OnnxNode, value: Value) -> Value:
    sizes: Dims = (1, *value.dims)
    gone = {axis % len(sizes) for axis in _axes(conversion, node)}
    gone = gone or {at for at, size in enumerate(sizes) if at and size == 1}
    return _kept(node, value, tuple(size for at, size in enumerate(sizes) if at not in gone))


def _unsqueezed(conversion: Conversion, node: OnnxNode, value: Value) -> Value:
    axes, rest = _axes(conversion, node), iter((1, *value.dims))
    rank = 1 + len(value.dims) + len(axes)
    new = {axis % rank for axis in axes}
    return _kept(node, value, tuple(1 if at in new else next(rest, 0) for at in range(rank)))


def _axes(conversion: Conversion, node: OnnxNode) -> list[int]:
    given = conversion.array(node, 1).reshape(-1) if node.input(1) else node.integers("axes", ())
    return [int(axis) for axis in given]


def _kept(node: OnnxNode, value: Value, sizes: Dims) -> Value:
    if not sizes or sizes[0] != 1 or int(np.prod(sizes, dtype=np.int64)) != value.count:
        raise UserError(node.where, f"changes the batch or {list(value.dims)}", "keep the batch in front")
    return Value(value.tensor, sizes[1:])


_RESIZES: dict[str, Callable[[Conversion, OnnxNode, Value], Value]] = {
    "Flatten": _flattened,
    "Reshape": _reshaped,
    "Squeeze": _squeezed,
    "Unsqueeze": _unsqueezed,
}


@converts("Transpose")
def transpose(conversion: Conversion, node: OnnxNode) -> Known:
    """Channels, rows and columns in another order."""
    return conversion.moved(node, lambda value: _transposed(conversion, node, value))


def _transposed(conversion: Conversion, node: OnnxNode, value: Value) -> Value:
    order = node.integers("perm", tuple(range(len(value.dims), -1, -1)))
    if sorted(order) != list(range(len(value.dims) + 1)) or order[0] != 0 or len(order) != 4:
        raise UserError(node.where, f"has the order {list(order)}", "keep the batch in front of three sizes")
    source = conversion.image(value, node.where)
    inner = [axis - 1 for axis in order[1:]]
    rows, columns, channels = (_THEIRS[inner[axis]] for axis in _OURS)
    shape = (source.shape[rows], source.shape[columns], source.shape[channels])
    output = conversion.declare(node.output, shape, Affine(source.scale, source.zero_point))
    conversion.emit(Transpose(output.name, (source.name,), output.name, (rows, columns, channels)))
    return Value(output.name, tuple(value.dims[axis] for axis in inner))


@converts("Pad")
def pad(conversion: Conversion, node: OnnxNode) -> Known:
    """Rows and columns of value 0; with another value, or more channels, FILL."""
    source = conversion.image(conversion.value(node), node.where)
    pads = [int(n) for n in conversion.array(node, 1).reshape(-1)] if node.input(1) else list(node.integers("pads", ()))
    mode = node.attributes.get("mode", b"constant")
    if mode != b"constant" or len(pads) != 8 or min(pads) < 0 or max(pads) > _WIDEST or pads[0] or pads[4]:
        raise UserError(node.where, f"pads {pads} by {mode!r}", "pad channels, rows and columns with one value")
    affine = Affine(source.scale, source.zero_point)
    real = _fill(conversion, node, source) if node.input(2) else 0.0
    before, after = ((part[2], part[3], part[1]) for part in (pads[:4], pads[4:]))
    rows, columns, channels = (b + n + a for b, n, a in zip(before, source.shape, after, strict=True))
    output = conversion.declare(node.output, (rows, columns, channels), affine)
    names = (output.name, (source.name,), output.name)
    if real == 0 and before[2] == after[2] == 0:
        conversion.emit(Pad(*names, (before[0], after[0], before[1], after[1])))
    else:
        conversion.emit(Fill(*names, before, after, int(affine.integers(np.array(real)))))
    return Value(output.name, (channels, rows, columns))


def _fill(conversion: Conversion, node: OnnxNode, source: Tensor) -> float:
    """Return the real value that fills; beside plain integers it is one of them."""
    found = conversion.known(node, 2)
    if isinstance(found, Constant):
        return float(found.reals().reshape(-1)[0])
    given = conversion.array(node, 2)
    value = float(given.reshape(-1)[0])
    if str(given.dtype) not in SHIFT:
        return value
    return (value - SHIFT[str(given.dtype)] - source.zero_point) * source.scale
