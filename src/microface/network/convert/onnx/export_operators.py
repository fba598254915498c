"""How each kind of operator is written to ONNX."""

from typing import cast

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.export import Export, exports
from microface.network.ops import (
    AveragePool,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool,
    Operator,
    Pad,
    WeightedOperator,
)
from microface.network.ops.tflite import Join, Reshape, TfliteAdd, TfliteAveragePool, TfliteMean, TfliteMul, Transpose
from microface.network.ops.window import Padding
from microface.network.requantise import DoubleRounding, HighMul

_THEIRS = (2, 0, 1)
"""Which of our axes (rows, columns, channels) C, H, W is."""


def load() -> None:
    """Do nothing: importing this module registers the exporters."""


def _pads(padding: Padding) -> list[int]:
    above, below, left, right = padding
    return [above, left, below, right]


def _weighted(export: Export, op: WeightedOperator, weights: np.ndarray) -> list[str]:
    """Add weights [O, ...] and bias; return the names of their real values."""
    rule = op.requantise
    if isinstance(rule, HighMul):
        factors = rule.multiplier * np.exp2(rule.left.astype(np.float64) - 32)
    elif isinstance(rule, DoubleRounding):
        factors = rule.multiplier * np.exp2(rule.shift.astype(np.float64) - 31)
    else:
        raise UserError(f"operator {op.name}", "does not give bytes by a scale", "ONNX has no form for it")
    source, target = export.tensor(op.inputs[0]), export.tensor(op.output)
    scales = (factors * float(np.float32(target.scale)) / float(np.float32(source.scale))).astype(np.float32)
    named = export.dequantised(f"{op.name}_weights", weights, scales)
    return [named, export.dequantised(f"{op.name}_bias", op.bias.astype(np.int32), scales * np.float32(source.scale))]


@exports("conv2d", "depthwise_conv2d")
def convolution(export: Export, op: Operator) -> None:
    """Conv."""
    conv = cast(Conv2D | DepthwiseConv2D, op)
    depthwise = isinstance(conv, DepthwiseConv2D)
    weights = conv.weights.transpose(2, 0, 1)[:, None] if depthwise else conv.weights.transpose(0, 3, 1, 2)
    named = _weighted(export, conv, np.ascontiguousarray(weights))
    export.add(
        "Conv", [export.real(op.inputs[0]), *named], f"{op.output}_sum", kernel_shape=[*conv.window.size],
        strides=[*conv.stride], pads=_pads(conv.padding), dilations=[*conv.dilation],
        group=len(weights) if depthwise else 1,
    )  # fmt: skip
    export.write(op, f"{op.output}_sum")


@exports("dense")
def dense(export: Export, op: Operator) -> None:
    """Gemm over the values with channels first."""
    layer = cast(Dense, op)
    rows, columns, channels = export.tensor(op.inputs[0]).shape
    weights = layer.weights.reshape(-1, rows, columns, channels).transpose(0, 3, 1, 2).reshape(len(layer.weights), -1)
    named = _weighted(export, layer, np.ascontiguousarray(weights))
    export.add("Gemm", [export.real(op.inputs[0], vector=True), *named], f"{op.output}_sum", transB=1)
    export.write(op, f"{op.output}_sum", vector=True)


@exports("add", "tflite_add", "tflite_mul")
def arithmetic(export: Export, op: Operator) -> None:
    """Add, Sub or Mul of two computed tensors."""
    if getattr(op, "constant", None) is not None:
        raise UserError(f"operator {op.name}", "has a constant operand", "ONNX export has no form for it yet")
    kind = "Sub" if isinstance(op, TfliteAdd) and op.negate else "Mul" if isinstance(op, TfliteMul) else "Add"
    vector = all(name in export.vectors for name in op.inputs)
    operands = [export.real(name, vector) for name in op.inputs]
    export.write(op, export.add(kind, operands, f"{op.output}_sum"), vector)


@exports("mean", "tflite_mean")
def mean(export: Export, op: Operator) -> None:
    """GlobalAveragePool."""
    if isinstance(op, TfliteMean) and set(op.axes) != {0, 1}:
        raise UserError(f"operator {op.name}", f"averages over the axes {op.axes}", "only rows and columns have a form")
    export.write(op, export.add("GlobalAveragePool", [export.real(op.inputs[0])], f"{op.output}_mean"))


@exports("max_pool", "average_pool", "tflite_average_pool")
def pool(export: Export, op: Operator) -> None:
    """MaxPool or AveragePool, whose padding does not count."""
    window = cast(MaxPool | AveragePool | TfliteAveragePool, op)
    kind = "MaxPool" if isinstance(op, MaxPool) else "AveragePool"
    sizes = {"kernel_shape": [*window.size], "strides": [*window.stride], "pads": _pads(window.padding)}
    export.write(op, export.add(kind, [export.real(op.inputs[0])], f"{op.output}_pool", **sizes))


@exports("concat", "join")
def concat(export: Export, op: Operator) -> None:
    """Concat."""
    axis = op.axis if isinstance(op, Join) else 2
    sources = [export.real(name) for name in cast(Concat | Join, op).inputs]
    export.write(op, export.add("Concat", sources, f"{op.output}_joined", axis=1 + _THEIRS.index(axis)))


@exports("flatten", "reshape")
def reshape(export: Export, op: Operator) -> None:
    """Values in the order rows, columns, channels take their new sizes in that order."""
    source, shape = export.tensor(op.inputs[0]), export.tensor(op.output).shape
    given = export.real(op.inputs[0])
    if source.shape[0] * source.shape[1] > 1 and source.shape[2] > 1:
        given = export.add("Transpose", [given], f"{op.output}_last", perm=[0, 2, 3, 1])
    vector = shape[:2] == (1, 1)
    sizes = np.array([0, shape[2]] if vector else [0, *shape], np.int64)
    given = export.add("Reshape", [given, export.constant(f"{op.output}_sizes", sizes)], f"{op.output}_shaped")
    if not vector:
        given = export.add("Transpose", [given], f"{op.output}_first", perm=[0, 3, 1, 2])
    if isinstance(op, Reshape) and (source.scale, source.zero_point) != _affine(export, op):
        raise UserError(f"operator {op.name}", "reads integers by another scale", "ONNX has no form for it")
    export.write(op, given, vector)


def _affine(export: Export, op: Operator) -> tuple[float, int]:
    target = export.tensor(op.output)
    return target.scale, target.zero_point


@exports("transpose")
def transpose(export: Export, op: Operator) -> None:
    """Transpose."""
    order = cast(Transpose, op).order
    inner = [1 + _THEIRS.index(order[axis]) for axis in _THEIRS]
    export.write(op, export.add("Transpose", [export.real(op.inputs[0])], f"{op.output}_turned", perm=[0, *inner]))


@exports("rescale")
def rescale(export: Export, op: Operator) -> None:
    """QuantizeLinear with the other scale."""
    vector = op.inputs[0] in export.vectors
    export.write(op, export.add("Identity", [export.real(op.inputs[0], vector)], f"{op.output}_same"), vector)


@exports("pad")
def pad(export: Export, op: Operator) -> None:
    """Pad of rows and columns with 0."""
    above, below, left, right = cast(Pad, op).padding
    sides = export.constant(f"{op.output}_sides", np.array([0, 0, above, left, 0, 0, below, right], np.int64))
    export.write(op, export.add("Pad", [export.real(op.inputs[0]), sides], f"{op.output}_wide"))
