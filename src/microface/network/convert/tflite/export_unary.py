"""Tables of bytes, QUANTIZE and SOFTMAX.

A table goes out as the function that TFLite computes to the very same table; any other as CAST, ADD and GATHER.
"""

from typing import cast

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.build import Scalar
from microface.network.convert.tflite.export import Export, exports, quantised
from microface.network.convert.tflite.model import TfTensor
from microface.network.convert.tflite.schema import ACTIVATIONS, TYPES
from microface.network.convert.tflite.tables import TABLES, Values, exponentials, leaky_relu, table_of
from microface.network.convert.tflite.unary16 import curve_factor, softmax_factor
from microface.network.convert.tflite.write import OutTensor
from microface.network.ops import Operator
from microface.network.ops.tflite import Lookup, Rescale, TfliteSigmoid, TfliteSoftmax, TfliteSoftmax16
from microface.network.requantise.tflite import split_scale

_TYPE_CODES = {name: code for code, name in TYPES.items()}
_DIGITS = 9
_OUTPUTS = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
"""Scale and zero point that LiteRT asks of an output."""
_SMALLEST = 1e-30


@exports("lookup")
def lookup(export: Export, op: Operator) -> None:
    """The first operator whose table is that of `op`."""
    table = cast(Lookup, op).table
    given, result = (quantised(tensor) for tensor in export.ends(op))
    for name, values in TABLES.items():
        wanted = _OUTPUTS.get(name, (float(result.scale), result.zero_point))
        if wanted == (float(result.scale), result.zero_point) and _same(values, given, result, table):
            export.emit_as(name, op)
            return
    for alpha in _slopes(table, given, result):
        if _same(leaky_relu(alpha), given, result, table):
            export.emit_as("LEAKY_RELU", op, (), {0: Scalar("f", float(alpha))})
            return
    _gather(export, op, table)


def _same(values: Values, given: TfTensor, result: TfTensor, table: np.ndarray) -> bool:
    try:
        return np.array_equal(table_of(values, given, result), table)
    except UserError:  # TFLite does not compute that function with such scales
        return False


def _slopes(table: np.ndarray, given: TfTensor, result: TfTensor) -> list[np.float32]:
    """Return slopes below 0 that a leaky relu with this table may have, the roundest first."""
    x = np.arange(-128, given.zero_point)
    y = table[x + 128].astype(np.float64)
    inner = (y > -128) & (y < 127)
    if not inner.any():
        return []
    reach = (given.zero_point - x[inner]) * float(given.scale) / float(result.scale)
    fallen = result.zero_point - y[inner]
    low, high = ((fallen - 0.5) / reach).max(), ((fallen + 0.5) / reach).min()
    middle = (low + high) / 2
    if not 0 < middle < np.inf:
        return []
    return [np.float32(round(middle, digits)) for digits in range(1, _DIGITS)]


def _gather(export: Export, op: Operator, table: np.ndarray) -> None:
    """CAST to int32, ADD 128, GATHER from the table: any function of a byte."""
    source, target = export.ends(op)
    shape = (1, *source.shape)
    wide, place = (export.add(OutTensor(f"{op.name}_{what}", shape, "int32")) for what in ("wide", "place"))
    kinds = {0: Scalar("b", _TYPE_CODES["int8"]), 1: Scalar("b", _TYPE_CODES["int32"])}
    export.emit("CAST", (export.number(source.name),), wide, kinds)
    export.emit("ADD", (wide, export.integers(f"{op.name}_offset", [128])), place, {0: Scalar("b", 0)})
    scales, points = [float(np.float32(target.scale))], [target.zero_point]
    values = export.add(OutTensor(f"{op.name}_table", (256,), "int8", scales, points, 0, table))
    export.emit("GATHER", (values, place), export.number(op.output), {0: Scalar("i", 0)})


@exports("rescale")
def rescale(export: Export, op: Operator) -> None:
    """QUANTIZE between integers; one that cuts is RELU or RELU6."""
    cut = cast(Rescale, op)
    name = ACTIVATIONS[int(export.activation(op, cut.lo, cut.hi).value)]
    export.emit_as("QUANTIZE" if name == "NONE" else name, op)


@exports("tflite_sigmoid")
def sigmoid(export: Export, op: Operator) -> None:
    """LOGISTIC or TANH of 16 bits, whose factor follows from the input's scale."""
    curve, (source, _) = cast(TfliteSigmoid, op), export.ends(op)
    if curve_factor(float(np.float32(source.scale)), curve.tanh) != (curve.multiplier, curve.right):
        raise UserError(f"operator {op.name}", "has another factor than TFLite's", "import it again")
    export.emit_as("TANH" if curve.tanh else "LOGISTIC", op)


@exports("tflite_softmax16")
def softmax16(export: Export, op: Operator) -> None:
    """SOFTMAX of 16 bits, whose factor follows from the input's scale and beta."""
    wanted, (source, _) = cast(TfliteSoftmax16, op).factor, export.ends(op)
    given = quantised(source)
    near = np.float32(wanted[0] * 2.0 ** (wanted[1] - 31) / softmax_factor(given, np.float32(1)))
    for beta in (np.float32(1), *(np.float32(round(float(near), digits)) for digits in range(1, _DIGITS)), near):
        if split_scale(softmax_factor(given, beta)) == wanted:
            export.emit_as("SOFTMAX", op, (), {0: Scalar("f", float(beta))})
            return
    raise UserError(f"operator {op.name}", "has another factor than TFLite's", "import it again")


@exports("tflite_softmax")
def softmax(export: Export, op: Operator) -> None:
    """SOFTMAX by the factor that gives its table of exponentials."""
    table, (source, _) = cast(TfliteSoftmax, op).table, export.ends(op)
    given = quantised(source)
    for beta in _betas(table, given):
        if np.array_equal(exponentials(given, beta), table):
            export.emit_as("SOFTMAX", op, (), {0: Scalar("f", float(beta))})
            return
    raise UserError(f"operator {op.name}", "has other exponentials than TFLite's", "import it again")


def _betas(table: np.ndarray, given: TfTensor) -> list[np.float32]:
    """Return factors that may have made `table`: 1, and what its smallest ordinary value says."""
    last = int(np.flatnonzero(table > _SMALLEST)[-1])
    near = np.float32(-np.log(float(table[last])) / (last * float(given.scale))) if last else np.float32(1)
    return [np.float32(1), near, *(np.float32(round(float(near), digits)) for digits in range(1, _DIGITS))]
