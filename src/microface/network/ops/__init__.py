"""Operators, one file each: shape rule, integer meaning in numpy, cost. `KINDS` lists them by name."""

from microface.network.ops.add import Add
from microface.network.ops.average_pool import AveragePool
from microface.network.ops.base import Cost, Operator, WeightedOperator
from microface.network.ops.concat import Concat
from microface.network.ops.conv2d import Conv2D
from microface.network.ops.dense import Dense
from microface.network.ops.depthwise import DepthwiseConv2D
from microface.network.ops.flatten import Flatten
from microface.network.ops.max78000 import KINDS as MAX78000_KINDS
from microface.network.ops.max_pool import MaxPool
from microface.network.ops.mean import Mean
from microface.network.ops.pad import Pad
from microface.network.ops.prelu import Prelu
from microface.network.ops.tflite import KINDS as TFLITE_KINDS
from microface.network.ops.window import Window, same_padding

_OWN: tuple[type[Operator], ...] = (
    Add,
    AveragePool,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    MaxPool,
    Mean,
    Pad,
    Prelu,
)
KINDS: dict[str, type[Operator]] = {kind.kind: kind for kind in (*_OWN, *TFLITE_KINDS, *MAX78000_KINDS)}

__all__ = [
    "KINDS",
    "Add",
    "AveragePool",
    "Concat",
    "Conv2D",
    "Cost",
    "Dense",
    "DepthwiseConv2D",
    "Flatten",
    "MaxPool",
    "Mean",
    "Operator",
    "Pad",
    "Prelu",
    "WeightedOperator",
    "Window",
    "same_padding",
]
