"""Tables of bytes as we write them: Cast to whole numbers, Add 128, Gather from a constant."""

import numpy as np
from onnx import TensorProto

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.values import Looked, Place, Value

_OFFSET, _LENGTH = 128, 256
_WHOLE = (TensorProto.INT32, TensorProto.INT64)


@converts("Cast")
def cast(conversion: Conversion, node: OnnxNode) -> Known:
    """Integers as places in a table; constants, and floats to floats."""
    found, to = conversion.known(node, 0), node.integer("to", 0)
    if isinstance(found, np.ndarray):
        return found.astype(np.float32 if to == TensorProto.FLOAT else np.int64)
    if to == TensorProto.FLOAT:
        return found
    if to not in _WHOLE or not isinstance(found, Value):
        raise UserError(node.where, "casts an activation", "export it without")
    return Place(found, 0)


@converts("Gather")
def gather(conversion: Conversion, node: OnnxNode) -> Known:
    """A table of 256 bytes at the places x + 128."""
    table, place = conversion.known(node, 0), conversion.known(node, 1)
    plain = isinstance(table, np.ndarray) and table.dtype == np.int8 and table.shape == (_LENGTH,)
    if not plain or not isinstance(place, Place) or place.offset != _OFFSET or node.integer("axis", 0):
        raise UserError(node.where, "gathers something else than bytes from a table of 256", "export it without")
    return Looked(place.value, np.asarray(table))
