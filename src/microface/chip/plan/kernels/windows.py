"""Fields of kernels whose window slides over rows and columns."""

from microface.chip.plan.kernels.base import Fields, source_of, target_of
from microface.network.network import IntegerNetwork
from microface.network.ops import AveragePool, Conv2D, DepthwiseConv2D, MaxPool
from microface.network.ops.tflite import WideDepthwise

Windowed = Conv2D | DepthwiseConv2D | WideDepthwise | MaxPool | AveragePool


def window_fields(op: Windowed, network: IntegerNetwork) -> Fields:
    """Return heights, widths, kernel, stride and the padding above and on the left."""
    source, target = source_of(op, network).shape, target_of(op, network).shape
    return {
        "input_height": source[0],
        "input_width": source[1],
        "output_height": target[0],
        "output_width": target[1],
        "kernel_height": op.window.size[0],
        "kernel_width": op.window.size[1],
        "stride_y": op.window.stride[0],
        "stride_x": op.window.stride[1],
        "pad_top": op.window.padding[0],
        "pad_left": op.window.padding[2],
    }


def conv_fields(op: Conv2D | DepthwiseConv2D | WideDepthwise, network: IntegerNetwork) -> Fields:
    """Return what `mf_conv_args` holds besides tables and the output's range."""
    return window_fields(op, network) | {
        "input_channels": source_of(op, network).shape[2],
        "output_channels": target_of(op, network).shape[2],
        "dilation_y": op.dilation[0],
        "dilation_x": op.dilation[1],
        "input_zero_point": source_of(op, network).zero_point,
    }
