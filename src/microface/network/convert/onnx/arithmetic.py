"""Add, Sub, Mul and Concat."""

from dataclasses import dataclass

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts, shape_of
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.unary import table_of
from microface.network.convert.onnx.values import Constant, Pending, Place, Target, Value
from microface.network.ops import Add, Concat
from microface.network.ops.tflite import Join, TfliteAdd, TfliteMul
from microface.network.ops.tflite.add import sum_factors
from microface.network.requantise.tflite import split_scale
from microface.network.tensors import Tensor

_FINE = 20
_AXES = {3: {1: 2, 2: 0, 3: 1}, 2: {1: 2}, 1: {1: 2}}
"""By number of sizes: an axis of the file as ours (0 rows, 1 columns, 2 channels); lists are joined end to end."""


@dataclass(frozen=True, eq=False)
class _Operands:
    """Two tensors of one layout, or one and an int16 constant less its zero point."""

    first: Tensor
    second: Tensor | None
    constant: np.ndarray | None
    scales: tuple[float, float]
    dims: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tensors."""
        return (self.first.name,) if self.second is None else (self.first.name, self.second.name)

    @property
    def same(self) -> bool:
        """Whether both are tensors of one shape."""
        return self.second is not None and self.first.shape == self.second.shape


@converts("Add", "Sub", "Mul")
def arithmetic(conversion: Conversion, node: OnnxNode) -> Known:
    """Between DequantizeLinear and QuantizeLinear; the second operand may be a constant."""
    first = conversion.known(node, 0)
    if isinstance(first, Place) and node.kind == "Add":
        return Place(first.value, first.offset + int(conversion.array(node, 1).reshape(())))
    return _pending(conversion, node, node.kind, first, conversion.known(node, 1))


@converts("QLinearAdd", "QLinearMul")
def integer_arithmetic(conversion: Conversion, node: OnnxNode) -> Known:
    """A, scale, point, B, scale, point, scale and point of C."""
    first, second = (_raw(conversion, node, number) for number in (0, 3))
    pending = _pending(conversion, node, node.kind.removeprefix("QLinear"), first, second)
    return pending.quantised(node.output, conversion.quantisation(node, 6).single(node.where))


def _raw(conversion: Conversion, node: OnnxNode, number: int) -> Known:
    quantisation, found = conversion.quantisation(node, number + 1), conversion.known(node, number)
    if isinstance(found, np.ndarray):
        return Constant(found, quantisation)
    return conversion.viewed(conversion.value(node, number), quantisation.single(node.where))


def _pending(conversion: Conversion, node: OnnxNode, kind: str, first: Known, second: Known) -> Pending:
    if isinstance(first, Constant | np.ndarray) and kind != "Sub":
        first, second = second, first
    if not isinstance(first, Value):
        raise UserError(node.where, "reads a float value", "quantise both operands")
    operands = _operands(conversion, node, first, second)

    def finish(target: Target) -> Value:
        output = conversion.declare(target.name, shape_of(operands.dims), target.affine)
        if kind == "Add" and operands.same and operands.second is not None:
            op = Add.between(output.name, operands.first, operands.second, output, target.lo, target.hi)
            conversion.emit(op)
        else:
            conversion.emit(_other(kind, operands, output, target))
        return Value(output.name, operands.dims)

    return Pending(finish)


def _other(kind: str, operands: _Operands, output: Tensor, target: Target) -> TfliteAdd | TfliteMul:
    """Return a product, difference, or sum with stretching or a constant."""
    names = (output.name, operands.names, output.name)
    cut = (target.affine.zero_point, target.lo, target.hi)
    a, b = operands.scales
    if kind == "Mul":
        factor = split_scale(a * b / target.affine.scale)
        return TfliteMul(*names, factor, *cut, constant=operands.constant)
    factors = sum_factors(np.float32(a), np.float32(b), np.float32(target.affine.scale), _FINE)
    return TfliteAdd(*names, *factors, _FINE, *cut, negate=kind == "Sub", constant=operands.constant)


def _operands(conversion: Conversion, node: OnnxNode, first: Value, second: Known) -> _Operands:
    if isinstance(second, Constant):
        return _with_constant(conversion, node, first, second)
    if not isinstance(second, Value):
        raise UserError(node.where, "reads a float value", "quantise both operands")
    dims = _stretched(node, first.dims, second.dims)
    a, b = (_laid(conversion, node, value) for value in (first, second))
    return _Operands(a, b, None, (a.scale, b.scale), dims)


def _with_constant(conversion: Conversion, node: OnnxNode, first: Value, second: Constant) -> _Operands:
    affine = second.quantisation.single(node.where)
    dims = second.integers.shape[max(0, second.integers.ndim - len(first.dims)) :]
    dims = (1,) * (len(first.dims) - len(dims)) + dims
    if int(np.prod(dims)) != second.integers.size:
        raise UserError(node.where, f"has a constant of shape {list(second.integers.shape)}", "use a batch of 1")
    whole = _stretched(node, first.dims, dims)
    source = _laid(conversion, node, first)
    integers = second.integers.astype(np.int64) - second.quantisation.points.reshape(())
    centred = integers.reshape(dims).transpose(1, 2, 0) if len(dims) == 3 else integers.reshape(1, 1, -1)
    return _Operands(source, None, np.ascontiguousarray(centred, np.int32), (source.scale, affine.scale), whole)


def _laid(conversion: Conversion, node: OnnxNode, value: Value) -> Tensor:
    return conversion.image(value, node.where) if len(value.dims) == 3 else conversion.flat(value)


def _stretched(node: OnnxNode, first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes that both stretch to; other than three sizes must be equal."""
    if first != second and len(first) not in (1, 3):
        raise UserError(node.where, f"joins sizes {list(first)} and {list(second)}", "give both the same sizes")
    return tuple(int(size) for size in np.broadcast_shapes(first, second))


@converts("Concat")
def concat(conversion: Conversion, node: OnnxNode) -> Known:
    """Between DequantizeLinear and QuantizeLinear; inputs take the output's quantisation by tables."""
    values = [conversion.value(node, number) for number in range(len(node.inputs))]
    return _joined(conversion, node, values)


@converts("QLinearConcat")
def qlinear_concat(conversion: Conversion, node: OnnxNode) -> Known:
    """Scale and zero point of Y, then every input with its scale and zero point."""
    values = [
        conversion.viewed(conversion.value(node, number), conversion.quantisation(node, number + 1).single(node.where))
        for number in range(2, len(node.inputs), 3)
    ]
    affine = conversion.quantisation(node, 0).single(node.where)
    return _joined(conversion, node, values).quantised(node.output, affine)


def _joined(conversion: Conversion, node: OnnxNode, values: list[Value]) -> Pending:
    rank = len(values[0].dims)
    axis = _AXES.get(rank, {}).get(node.integer("axis", 1) % (rank + 1))
    if axis is None or any(len(value.dims) != rank for value in values):
        raise UserError(node.where, f"joins {rank} sizes along axis {node.integer('axis', 1)}", "join along channels")
    axes = {theirs: ours for theirs, ours in _AXES[rank].items() if ours == axis}
    place = next(iter(axes)) - 1

    def finish(target: Target) -> Value:
        parts = [_laid(conversion, node, _requantised(conversion, value, target)) for value in values]
        dims = list(values[0].dims)
        dims[place] = sum(value.dims[place] for value in values)
        output = conversion.declare(target.name, shape_of(tuple(dims)), target.affine)
        names = (output.name, tuple(part.name for part in parts), output.name)
        conversion.emit(Concat(*names) if len(parts) == 2 and axis == 2 else Join(*names, axis))
        return Value(output.name, tuple(dims))

    return Pending(finish)


def _requantised(conversion: Conversion, value: Value, target: Target) -> Value:
    """Return `value` in the target's quantisation and range; one that is there already stays."""
    source = conversion.tensor(value)
    same = (source.scale, source.zero_point) == (target.affine.scale, target.affine.zero_point)
    if same and (target.lo, target.hi) == (-128, 127):
        return value
    pending = table_of(lambda reals: reals)(conversion, value)
    return pending.finish(Target(f"{source.name}_joined", target.affine, target.lo, target.hi))
