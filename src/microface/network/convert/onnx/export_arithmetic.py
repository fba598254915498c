"""Add, Sub, Mul, PRelu, averages and pools."""

from typing import cast

import numpy as np

from microface.network.convert.factors import addend_scale, multiplied_scale, real_slopes, subtracts
from microface.network.convert.onnx.export import THEIRS, Export, exports, pads_of
from microface.network.ops import Add, AveragePool, MaxPool, Operator, Prelu
from microface.network.ops.max78000 import Passthrough
from microface.network.ops.tflite import TfliteAdd, TfliteAveragePool, TfliteMean, TfliteMul, TflitePrelu


@exports("add", "tflite_add", "tflite_mul")
def arithmetic(export: Export, op: Operator) -> None:
    """Add, Sub or Mul of two computed tensors, or of one and a constant."""
    kind = "Mul" if isinstance(op, TfliteMul) else "Sub" if subtracts(cast(Add | TfliteAdd, op)) else "Add"
    constant = getattr(op, "constant", None)
    vector = all(name in export.vectors for name in op.inputs) and (constant is None or constant.shape[:2] == (1, 1))
    operands = [export.real(name, vector) for name in op.inputs]
    if constant is not None:
        operands.append(export.operand(op, constant, _constant_scale(export, op), vector))
    export.write(op, export.add(kind, operands, f"{op.output}_sum"), vector)


def _constant_scale(export: Export, op: Operator) -> float:
    source, target = export.ends(op)
    if isinstance(op, TfliteAdd):
        return addend_scale(op, source)
    return multiplied_scale(cast(TfliteMul, op).factor, source, target)


@exports("tflite_prelu")
def prelu(export: Export, op: Operator) -> None:
    """PRelu."""
    bent, (source, target) = cast(TflitePrelu, op), export.ends(op)
    slopes = export.operand(op, bent.slopes, multiplied_scale(bent.below, source, target), vector=False)
    export.write(op, export.add("PRelu", [export.real(op.inputs[0]), slopes], f"{op.output}_bent"))


@exports("prelu")
def own_prelu(export: Export, op: Operator) -> None:
    """PRelu with real slopes."""
    slopes = real_slopes(cast(Prelu, op)).astype(np.float32)[:, None, None]
    names = [export.real(op.inputs[0]), export.constant(f"{op.output}_slopes", slopes)]
    export.write(op, export.add("PRelu", names, f"{op.output}_bent"))


@exports("mean", "tflite_mean")
def mean(export: Export, op: Operator) -> None:
    """GlobalAveragePool, or ReduceMean over other axes than rows and columns."""
    axes = op.axes if isinstance(op, TfliteMean) else (0, 1)
    given, name = [export.real(op.inputs[0])], f"{op.output}_mean"
    if set(axes) == {0, 1}:
        export.write(op, export.add("GlobalAveragePool", given, name))
    else:
        theirs = [1 + THEIRS.index(axis) for axis in axes]
        export.write(op, export.add("ReduceMean", given, name, axes=theirs, keepdims=1))


@exports("max78000_passthrough")
def accelerator_average(export: Export, op: Operator) -> None:
    """AveragePool; the accelerator's own cuts toward zero."""
    layer = cast(Passthrough, op)
    sizes = {"kernel_shape": [*layer.pool_size], "strides": [*layer.pool_stride]}
    export.write(op, export.add("AveragePool", [export.real(op.inputs[0])], f"{op.output}_pool", **sizes))


@exports("max_pool", "average_pool", "tflite_average_pool")
def pool(export: Export, op: Operator) -> None:
    """MaxPool or AveragePool, whose padding does not count."""
    window = cast(MaxPool | AveragePool | TfliteAveragePool, op)
    kind = "MaxPool" if isinstance(op, MaxPool) else "AveragePool"
    sizes = {"kernel_shape": [*window.size], "strides": [*window.stride], "pads": pads_of(window.padding)}
    export.write(op, export.add(kind, [export.real(op.inputs[0])], f"{op.output}_pool", **sizes))
