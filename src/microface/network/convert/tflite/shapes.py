"""RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes in another shape."""

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, converts
from microface.network.convert.tflite.model import TfOperator
from microface.network.ops.tflite import Reshape


def constant_integers(conversion: Conversion, op: TfOperator, number: int) -> list[int]:
    """Return input `number` of `op`, a constant list of integers."""
    given = conversion.source(op, number)
    if given.dtype not in ("int32", "int64"):
        raise UserError(given.where, f"is {given.dtype}", "give int32")
    return [int(value) for value in given.constant.reshape(-1)]


@converts("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
def reshape(conversion: Conversion, op: TfOperator) -> None:
    """The output's own shape says it all."""
    source, output = conversion.computed(op), conversion.declare(conversion.target(op), op.where)
    conversion.emit(Reshape(output.name, (source.name,), output.name, output.shape))
