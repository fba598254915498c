"""Functions of one 16-bit value: factors and curves, since a table of all values would be too large."""

import math
from collections.abc import Callable

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion
from microface.network.convert.tflite.model import TfOperator, TfTensor
from microface.network.convert.tflite.ranges import activation_range
from microface.network.ops.tflite import Rescale, TflitePrelu, TfliteSigmoid, TfliteSoftmax16
from microface.network.ops.tflite.softmax16 import curve_table
from microface.network.requantise.tflite import split_scale

OUTPUT_SCALE = 2.0**-15
"""The one scale that TFLite allows for what these curves give."""


def is_wide(conversion: Conversion, op: TfOperator) -> bool:
    """Say whether `op` takes and gives int16."""
    return conversion.source(op, 0).dtype == "int16" and conversion.target(op).dtype == "int16"


def relu16(conversion: Conversion, op: TfOperator) -> None:
    """Rescaled, then cut."""
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    factor = split_scale(float(given.scale / result.scale))
    lo, hi = activation_range(op.name, result, output)
    conversion.emit(Rescale(output.name, (source.name,), output.name, factor, output.zero_point, lo, hi))


def leaky_relu16(conversion: Conversion, op: TfOperator, alpha: np.float32) -> None:
    """A PRELU whose one slope stands in its factor."""
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    above = split_scale(float(given.scale / result.scale))
    below = split_scale(float(given.scale * alpha / result.scale))
    one = np.ones((1, 1, 1), np.int16)
    conversion.emit(TflitePrelu(output.name, (source.name,), output.name, one, above, below, output.zero_point))


def sigmoid16(conversion: Conversion, op: TfOperator) -> None:
    """LOGISTIC or TANH; the input's scale becomes a factor of 15 bits."""
    tanh = op.name == "TANH"
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    _require_unit(op, result)
    factor = curve_factor(float(given.scale), tanh)
    conversion.emit(TfliteSigmoid(output.name, (source.name,), output.name, *factor, tanh))


def curve_factor(scale: float, tanh: bool) -> tuple[int, int]:
    """Return multiplier and right shift for an input of `scale`; 1 / 4096 and for TANH 1 / 2048 are exact."""
    exact = {2.0**-12: (3, 0)} | ({2.0**-11: (6, 0)} if tanh else {})
    if scale in exact:
        return exact[scale]
    factor, right = scale * 4096.0 * 3.0, 0
    while factor <= 32767.0 / 2.0 and right <= 30:
        factor, right = factor * 2.0, right + 1
    if factor >= 1 << 15:
        raise UserError("scale", f"{scale} is too large for this operator", "calibrate it again")
    return int(factor), right


WIDE: dict[str, Callable[[Conversion, TfOperator], None]] = {
    "LOGISTIC": sigmoid16,
    "TANH": sigmoid16,
    "RELU": relu16,
    "RELU6": relu16,
}
"""The operators without options that LiteRT has for int16."""


def softmax16(conversion: Conversion, op: TfOperator) -> None:
    """In integers, exponentials from -10 on."""
    source, given, result = conversion.computed(op), conversion.source(op, 0), conversion.target(op)
    output = conversion.declare(result, op.where)
    _require_unit(op, result)
    factor = split_scale(softmax_factor(given, np.float32(op.real(0))))
    tables = curve_table(math.exp, -10.0, 0.0), curve_table(lambda x: 1.0 / (1.0 + x), 0.0, 1.0)
    conversion.emit(TfliteSoftmax16(output.name, (source.name,), output.name, *tables, factor))


def softmax_factor(given: TfTensor, beta: np.float32) -> float:
    """Return what brings a difference of `given`'s integers, times `beta`, to 65535 for every 10."""
    return float(given.scale * beta) / (10.0 / 65535.0)


def _require_unit(op: TfOperator, result: TfTensor) -> None:
    if float(result.scale) != OUTPUT_SCALE or result.zero_point != 0:
        raise UserError(op.where, "gives another scale than 1/32768", "convert it again, as TFLite itself asks")
