"""Operators of the MAX78000's accelerator: one operator is one hardware layer, pool first, then convolution."""

from microface.network.ops.base import Operator
from microface.network.ops.max78000.convolution import AcceleratorConv
from microface.network.ops.max78000.reader import AcceleratorLayer, Passthrough

KINDS: tuple[type[Operator], ...] = (AcceleratorConv, Passthrough)

__all__ = ["KINDS", "AcceleratorConv", "AcceleratorLayer", "Passthrough"]
