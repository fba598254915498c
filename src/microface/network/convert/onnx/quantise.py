"""QuantizeLinear and DequantizeLinear: where real values become integers, and integers are read as real values."""

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts, shape_of
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.unary import table_of
from microface.network.convert.onnx.values import (
    SHIFT,
    Affine,
    Constant,
    FloatInput,
    Looked,
    Pending,
    Quantisation,
    Value,
)
from microface.network.ops.tflite import Lookup


@converts("QuantizeLinear")
def quantize(conversion: Conversion, node: OnnxNode) -> Known:
    """Behind a float input it vanishes; behind an operator it is that operator's requantisation."""
    given = conversion.known(node, 0)
    quantisation = conversion.quantisation(node, 1, axis=node.integer("axis", 1))
    if isinstance(given, np.ndarray):
        return _constant(given, quantisation)
    affine = quantisation.single(node.where)
    match given:
        case FloatInput():
            return _entry(conversion, given, affine, node)
        case Pending():
            return given.quantised(node.output, affine)
        case Value():
            return _between(conversion, given, affine, node)
    raise UserError(node.where, "quantises integers", "quantise it again")


def _entry(conversion: Conversion, given: FloatInput, affine: Affine, node: OnnxNode) -> Value:
    """Let the integers be the network's input in the place of the float input."""
    if given.name in conversion.inputs:
        raise UserError(node.where, f"quantises the input {given.name} a second time", "quantise an input once")
    tensor = conversion.declare(given.name, shape_of(given.dims), affine)
    conversion.inputs.append(tensor.name)
    return Value(tensor.name, given.dims)


def _between(conversion: Conversion, given: Value, affine: Affine, node: OnnxNode) -> Value:
    """Return integers in another quantisation, by a table; the same one is nothing to do."""
    source = conversion.tensor(given)
    if (source.scale, source.zero_point) == (affine.scale, affine.zero_point):
        return given
    return table_of(lambda reals: reals)(conversion, given).quantised(node.output, affine)


def _constant(reals: np.ndarray, quantisation: Quantisation) -> Known:
    """Return the integers of a constant."""
    if quantisation.dtype not in SHIFT:
        return reals
    shape = [1] * reals.ndim
    if quantisation.scales.size > 1:
        shape[quantisation.axis] = -1
    scales, points = (
        np.broadcast_to(part, quantisation.scales.shape) for part in (quantisation.scales, quantisation.points)
    )
    limits = np.iinfo(quantisation.dtype)
    ratio = np.rint(reals.astype(np.float32) / scales.reshape(shape)) + points.reshape(shape)
    return np.clip(ratio, limits.min, limits.max).astype(quantisation.dtype)


@converts("DequantizeLinear")
def dequantize(conversion: Conversion, node: OnnxNode) -> Known:
    """It changes nothing: integers know what they stand for."""
    given = conversion.known(node, 0)
    if isinstance(given, np.ndarray):
        quantisation = conversion.quantisation(node, 1, str(given.dtype), node.integer("axis", 1))
        return Constant(given, quantisation)
    quantisation = conversion.quantisation(node, 1)
    if isinstance(given, Looked):
        return _looked(conversion, given, quantisation.single(node.where), node.input(0))
    return conversion.viewed(conversion.value(node), quantisation.single(node.where))


def _looked(conversion: Conversion, given: Looked, affine: Affine, name: str) -> Value:
    """Return the integers of a table as a value."""
    source = conversion.tensor(given.value)
    output = conversion.declare(name, source.shape, affine)
    conversion.emit(Lookup(output.name, (source.name,), output.name, given.table))
    return Value(output.name, given.value.dims)
