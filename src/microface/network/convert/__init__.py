"""Networks of other tools: read into integer networks and written from them."""

from pathlib import Path

from microface.errors import UserError
from microface.network.convert.tflite import import_tflite
from microface.network.network import IntegerNetwork

FOREIGN = (".tflite",)
"""Endings of the files that are read."""


def read_foreign(path: Path) -> IntegerNetwork:
    """Return the integer network in another tool's file, by its ending."""
    if path.suffix.lower() == ".tflite":
        return import_tflite(path).network
    raise UserError(path, "is of no kind that can be imported", f"give one of {', '.join(FOREIGN)}")


__all__ = ["FOREIGN", "read_foreign"]
