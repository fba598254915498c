"""Operators with TFLite's own arithmetic or shapes, as other people's files bring them; one file each."""

from microface.network.ops.base import Operator
from microface.network.ops.tflite.add import TfliteAdd
from microface.network.ops.tflite.mean import TfliteMean
from microface.network.ops.tflite.reshape import Reshape

KINDS: tuple[type[Operator], ...] = (Reshape, TfliteAdd, TfliteMean)

__all__ = ["KINDS", "Reshape", "TfliteAdd", "TfliteMean"]
