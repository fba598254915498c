"""AVERAGE_POOL_2D and MAX_POOL_2D."""

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, converts
from microface.network.convert.tflite.model import TfOperator
from microface.network.convert.tflite.ranges import activation_name, activation_range
from microface.network.convert.tflite.weights import option_pair, padding_of
from microface.network.ops import MaxPool
from microface.network.ops.tflite import Lookup, Rescale, TfliteAveragePool
from microface.network.requantise.tflite import split_scale


@converts("AVERAGE_POOL_2D", "MAX_POOL_2D")
def pool(conversion: Conversion, op: TfOperator) -> None:
    """Input and output share scale and zero point."""
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    if (source.scale, source.zero_point) != (output.scale, output.zero_point):
        raise UserError(op.where, "changes scale or zero point", f"give {given.where} and its output the same")
    size, stride = option_pair(op, 4, 3), option_pair(op, 2, 1)
    padding = padding_of(op, source.shape, size, stride, (1, 1))
    lo, hi = activation_range(activation_name(op.integer(5, "b"), op.where), result, output)
    window = (size, stride, padding)
    if op.name == "AVERAGE_POOL_2D":
        fields = (output.name, (source.name,), output.name, *window, lo, hi)
        conversion.emit(TfliteAveragePool(*fields, half_up=given.unsigned))
        return
    if (lo, hi) == (output.lowest, output.highest):
        conversion.emit(MaxPool(output.name, (source.name,), output.name, *window))
        return
    largest = conversion.helper(output, "pool")
    conversion.emit(MaxPool(largest.name, (source.name,), largest.name, *window))
    if output.dtype == "s8":
        table = np.clip(np.arange(-128, 128), lo, hi).astype(np.int8)
        conversion.emit(Lookup(output.name, (largest.name,), output.name, table))
        return
    same = split_scale(1.0)
    conversion.emit(Rescale(output.name, (largest.name,), output.name, same, output.zero_point, lo, hi))
