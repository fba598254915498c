"""Conv and Gemm."""

from typing import cast

import numpy as np

from microface.network.convert.factors import factors_of
from microface.network.convert.onnx.export import Export, exports, pads_of
from microface.network.ops import Conv2D, Dense, DepthwiseConv2D, Operator, WeightedOperator
from microface.network.requantise import HighMulPrelu


def _weighted(export: Export, op: WeightedOperator, weights: np.ndarray) -> list[str]:
    """Add weights [O, ...] and bias; return the names of their real values."""
    factors, (source, target) = factors_of(op, "ONNX"), export.ends(op)
    scales = (factors * float(np.float32(target.scale)) / float(np.float32(source.scale))).astype(np.float32)
    named = export.dequantised(f"{op.name}_weights", weights, scales)
    return [named, export.dequantised(f"{op.name}_bias", op.bias.astype(np.int32), scales * np.float32(source.scale))]


@exports("conv2d", "depthwise_conv2d")
def convolution(export: Export, op: Operator) -> None:
    """Conv."""
    conv = cast(Conv2D | DepthwiseConv2D, op)
    depthwise = isinstance(conv, DepthwiseConv2D)
    weights = conv.weights.transpose(2, 0, 1)[:, None] if depthwise else conv.weights.transpose(0, 3, 1, 2)
    named = _weighted(export, conv, np.ascontiguousarray(weights))
    export.add(
        "Conv", [export.real(op.inputs[0]), *named], f"{op.output}_sum", kernel_shape=[*conv.window.size],
        strides=[*conv.stride], pads=pads_of(conv.padding), dilations=[*conv.dilation],
        group=len(weights) if depthwise else 1,
    )  # fmt: skip
    export.write(op, _bent(export, conv, f"{op.output}_sum", (1, 1)))


@exports("dense")
def dense(export: Export, op: Operator) -> None:
    """Gemm over the values with channels first."""
    layer = cast(Dense, op)
    rows, columns, channels = export.tensor(op.inputs[0]).shape
    weights = layer.weights.reshape(-1, rows, columns, channels).transpose(0, 3, 1, 2).reshape(len(layer.weights), -1)
    named = _weighted(export, layer, np.ascontiguousarray(weights))
    export.add("Gemm", [export.real(op.inputs[0], vector=True), *named], f"{op.output}_sum", transB=1)
    export.write(op, _bent(export, layer, f"{op.output}_sum", ()), vector=True)


def _bent(export: Export, op: WeightedOperator, computed: str, more: tuple[int, ...]) -> str:
    """Append the PRelu of a layer that has one, with nothing quantised before it; slopes are [O, *more]."""
    if not isinstance(op.requantise, HighMulPrelu):
        return computed
    slopes = op.requantise.slopes.astype(np.float32).reshape(-1, *more)
    return export.add("PRelu", [computed, export.constant(f"{op.output}_slopes", slopes)], f"{op.output}_bent")
