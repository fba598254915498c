"""Operators with TFLite's own arithmetic or shapes, as other people's files bring them; one file each."""

from microface.network.ops.base import Operator
from microface.network.ops.tflite.add import TfliteAdd
from microface.network.ops.tflite.constant import Constant
from microface.network.ops.tflite.lookup import Lookup
from microface.network.ops.tflite.mean import TfliteMean
from microface.network.ops.tflite.moves import Fill, Join, Slice, Transpose
from microface.network.ops.tflite.mul import TfliteMul
from microface.network.ops.tflite.pool import TfliteAveragePool
from microface.network.ops.tflite.prelu import TflitePrelu
from microface.network.ops.tflite.rescale import Rescale
from microface.network.ops.tflite.reshape import Reshape
from microface.network.ops.tflite.resize import ResizeBilinear, ResizeNearest
from microface.network.ops.tflite.sigmoid import TfliteSigmoid
from microface.network.ops.tflite.softmax import TfliteSoftmax
from microface.network.ops.tflite.softmax16 import TfliteSoftmax16
from microface.network.ops.tflite.wide_depthwise import WideDepthwise

KINDS: tuple[type[Operator], ...] = (
    Constant,
    Fill,
    Join,
    Lookup,
    Rescale,
    Reshape,
    ResizeBilinear,
    ResizeNearest,
    Slice,
    TfliteAdd,
    TfliteAveragePool,
    TfliteMean,
    TfliteMul,
    TflitePrelu,
    TfliteSigmoid,
    TfliteSoftmax,
    TfliteSoftmax16,
    Transpose,
    WideDepthwise,
)

__all__ = [
    "KINDS",
    "Constant",
    "Fill",
    "Join",
    "Lookup",
    "Rescale",
    "Reshape",
    "ResizeBilinear",
    "ResizeNearest",
    "Slice",
    "TfliteAdd",
    "TfliteAveragePool",
    "TfliteMean",
    "TfliteMul",
    "TflitePrelu",
    "TfliteSigmoid",
    "TfliteSoftmax",
    "TfliteSoftmax16",
    "Transpose",
    "WideDepthwise",
]
