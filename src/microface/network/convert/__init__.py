"""Networks of other tools: read into integer networks and written from them."""

from pathlib import Path

from microface.errors import UserError
from microface.network.convert.tflite import import_tflite
from microface.network.network import IntegerNetwork

FOREIGN = (".tflite", ".onnx")
"""Endings of the files that are read."""


def read_foreign(path: Path) -> IntegerNetwork:
    """Return the integer network in another tool's file, by its ending."""
    if path.suffix.lower() == ".tflite":
        return import_tflite(path).network
    if path.suffix.lower() == ".onnx":
        # onnx takes a third of a second to load, so it waits for a file of that kind
        from microface.network.convert.onnx import import_onnx

        return import_onnx(path).network
    raise UserError(path, "is of no kind that can be imported", f"give one of {', '.join(FOREIGN)}")


__all__ = ["FOREIGN", "read_foreign"]
