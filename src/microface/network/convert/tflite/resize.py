"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR."""

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, converts
from microface.network.convert.tflite.model import TfOperator
from microface.network.ops.tflite import ResizeBilinear, ResizeNearest

_KINDS = {"RESIZE_NEAREST_NEIGHBOR": (ResizeNearest, 0), "RESIZE_BILINEAR": (ResizeBilinear, 2)}
"""Operator and the number of the option align_corners, behind which half_pixel_centers stands."""


@converts(*_KINDS)
def resize(conversion: Conversion, op: TfOperator) -> None:
    """The output's own shape says the size."""
    kind, option = _KINDS[op.name]
    source, output = conversion.computed(op), conversion.declare(conversion.target(op), op.where)
    if op.name == "RESIZE_BILINEAR" and conversion.source(op, 0).unsigned:
        raise UserError(op.where, "interpolates uint8, in floating point", "convert the model again, to int8")
    align, half = op.flag(option), op.flag(option + 1)
    if align and half:
        raise UserError(op.where, "has align_corners and half_pixel_centers", "set one of them")
    size = output.shape[0], output.shape[1]
    conversion.emit(kind(output.name, (source.name,), output.name, size, align, half))
