"""Functions of one value: on bytes each is a table, on 16 bits a factor or a curve."""

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, centred, converts
from microface.network.convert.tflite.model import TfOperator, TfTensor
from microface.network.convert.tflite.tables import TABLES, Values, exponentials, leaky_relu, table_of
from microface.network.convert.tflite.unary16 import WIDE, is_wide, leaky_relu16, softmax16
from microface.network.ops.tflite import Lookup, Rescale, TflitePrelu, TfliteSoftmax
from microface.network.requantise.tflite import split_scale


def emit_table(conversion: Conversion, op: TfOperator, values: Values) -> None:
    """Append the table of `values` for the input and output of `op`."""
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    if {source.dtype, output.dtype} != {"s8"}:
        raise UserError(op.where, f"takes {source.dtype} and gives {output.dtype}", "quantise it to int8")
    conversion.emit(Lookup(output.name, (source.name,), output.name, table_of(values, given, result)))


@converts(*TABLES)
def table(conversion: Conversion, op: TfOperator) -> None:
    """A function without options."""
    if is_wide(conversion, op) and op.name in WIDE:
        WIDE[op.name](conversion, op)
    else:
        emit_table(conversion, op, TABLES[op.name])


@converts("LEAKY_RELU")
def leaky(conversion: Conversion, op: TfOperator) -> None:
    """Another slope below 0."""
    alpha = np.float32(op.real(0))
    if alpha < 0:
        raise UserError(op.where, f"has the slope {alpha}", "use a slope of 0 or more")
    if is_wide(conversion, op):
        leaky_relu16(conversion, op, alpha)
    else:
        emit_table(conversion, op, leaky_relu(alpha))


def _means_the_same(given: TfTensor, result: TfTensor) -> bool:
    """Say whether both have one scale and, as bytes with a sign, one zero point."""
    return given.scale == result.scale and given.zero_point == result.zero_point


@converts("QUANTIZE")
def quantize(conversion: Conversion, op: TfOperator) -> None:
    """Between integers; it vanishes behind a float input, and from uint8 to the same int8 or back."""
    given, result = conversion.source(op, 0), conversion.target(op)
    if given.dtype == "float32":
        if given.index not in conversion.model.inputs:
            raise UserError(given.where, "is float inside the network", "quantise the whole model")
        conversion.entry(given, result, op.where)
        return
    source = conversion.computed(op)
    if given.unsigned != result.unsigned and given.dtype == result.dtype and _means_the_same(given, result):
        conversion.alias(result, source, op.where)
        return
    output = conversion.declare(result, op.where)
    factor = split_scale(float(given.scale) / float(result.scale))
    fields = (output.name, (source.name,), output.name)
    conversion.emit(Rescale(*fields, factor, output.zero_point, output.lowest, output.highest))


@converts("DEQUANTIZE")
def dequantize(conversion: Conversion, op: TfOperator) -> None:
    """Before a float output it vanishes."""
    result = conversion.target(op)
    if result.index not in conversion.model.outputs:
        raise UserError(result.where, "is float inside the network", "quantise the whole model")
    conversion.names[result.index] = conversion.computed(op).name


@converts("PRELU")
def prelu(conversion: Conversion, op: TfOperator) -> None:
    """The slopes are constants."""
    source, given, slopes = conversion.computed(op), conversion.source(op, 0), conversion.source(op, 1)
    result = conversion.target(op)
    output = conversion.declare(result, op.where)
    above = split_scale(float(given.scale / result.scale))
    below = split_scale(float(given.scale * slopes.scale / result.scale))
    values = centred(slopes).astype(np.int16)
    conversion.emit(TflitePrelu(output.name, (source.name,), output.name, values, above, below, output.zero_point))


@converts("SOFTMAX")
def softmax(conversion: Conversion, op: TfOperator) -> None:
    """Over the last axis, in float32 for bytes."""
    if is_wide(conversion, op):
        softmax16(conversion, op)
        return
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    if {source.dtype, output.dtype} != {"s8"}:
        raise UserError(op.where, f"takes {source.dtype} and gives {output.dtype}", "quantise it to int8")
    weights = exponentials(given, np.float32(op.real(0)))
    fields = (output.name, (source.name,), output.name, weights, float(result.scale), output.zero_point)
    conversion.emit(TfliteSoftmax(*fields))
