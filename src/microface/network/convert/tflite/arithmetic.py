"""ADD, SUB, MUL and MEAN."""

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, axis_of, centred, converts
from microface.network.convert.tflite.model import TfOperator
from microface.network.convert.tflite.ranges import activation_name, activation_range
from microface.network.convert.tflite.shapes import constant_integers
from microface.network.ops.tflite import Reshape, TfliteAdd, TfliteMean, TfliteMul
from microface.network.ops.tflite.add import sum_factors
from microface.network.ops.tflite.mean import mean_factor
from microface.network.requantise.tflite import split_scale
from microface.network.tensors import Tensor

_FINE_BITS = {"s8": 20, "s16": 15}


@converts("ADD", "SUB")
def add(conversion: Conversion, op: TfOperator) -> None:
    """Either input may be a constant; sizes of 1 are stretched."""
    result = conversion.target(op)
    output = conversion.declare(result, op.where)
    order = (1, 0) if conversion.source(op, 0).data is not None and op.name == "ADD" else (0, 1)
    first, second = (conversion.source(op, number) for number in order)
    scales = (first.scale, second.scale, result.scale)
    if output.dtype == "s16" and op.flag(1, True) and all(map(_is_power_of_two, scales)):
        raise UserError(op.where, "adds int16 by powers of two", "convert it with pot_scale_int16 = false")
    fine = _FINE_BITS[output.dtype]
    factors = sum_factors(*scales, fine)
    lo, hi = activation_range(activation_name(op.integer(0, "b"), op.where), result, output)
    inputs = [conversion.computed(op, order[0]).name]
    constant = centred(second) if second.data is not None else None
    if constant is None:
        inputs.append(conversion.computed(op, order[1]).name)
    conversion.emit(
        TfliteAdd(
            output.name, tuple(inputs), output.name, *factors, fine, output.zero_point, lo, hi,
            negate=op.name == "SUB", constant=constant,
        )
    )  # fmt: skip


def _is_power_of_two(scale: np.float32) -> bool:
    """Say so, as near as TFLite asks: 0.001 in the logarithm."""
    logarithm = float(np.log2(scale))
    return abs(logarithm - round(logarithm)) < 1e-3


@converts("MUL")
def multiply(conversion: Conversion, op: TfOperator) -> None:
    """Either input may be a constant; sizes of 1 are stretched."""
    result = conversion.target(op)
    output = conversion.declare(result, op.where)
    order = (1, 0) if conversion.source(op, 0).data is not None else (0, 1)
    second = conversion.source(op, order[1])
    scale = conversion.source(op, 0).scale * conversion.source(op, 1).scale / result.scale
    lo, hi = activation_range(activation_name(op.integer(0, "b"), op.where), result, output)
    inputs = [conversion.computed(op, order[0]).name]
    constant = centred(second) if second.data is not None else None
    if constant is None:
        inputs.append(conversion.computed(op, order[1]).name)
    factor = split_scale(float(scale))
    fields = (output.name, tuple(inputs), output.name, factor, output.zero_point, lo, hi)
    conversion.emit(TfliteMul(*fields, constant=constant))


@converts("MEAN")
def mean(conversion: Conversion, op: TfOperator) -> None:
    """Over any axes but the batch."""
    source, given = conversion.computed(op), conversion.source(op, 0)
    result = conversion.target(op)
    output = conversion.declare(result, op.where)
    axes = {axis_of(axis, len(given.shape), op.where) for axis in constant_integers(conversion, op, 1)}
    kept = tuple(sorted(axis for axis in axes if axis >= 0))
    rows, columns, channels = (1 if axis in kept else size for axis, size in enumerate(source.shape))
    count = int(np.prod([source.shape[axis] for axis in kept], dtype=np.int64))
    factor = mean_factor(float(given.scale) / float(result.scale), count)
    whole = (rows, columns, channels)
    means = output
    if output.shape != whole:
        means = Tensor(conversion.unique(f"{output.name}_mean"), whole, output.dtype, output.scale, output.zero_point)
        conversion.tensors[means.name] = means
    conversion.emit(
        TfliteMean(
            means.name, (source.name,), means.name, kept, factor, output.zero_point, output.lowest, output.highest
        )
    )
    if means is not output:
        conversion.emit(Reshape(output.name, (means.name,), output.name, output.shape))
