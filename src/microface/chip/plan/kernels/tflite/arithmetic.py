"""Kernels of TFLite's arithmetic: sums, products, slopes, means, pools, softmax."""

from typing import ClassVar

import numpy as np

from microface.chip.plan.kernels.base import Fields, Tables, source_of, target_of
from microface.chip.plan.kernels.tflite.moves import TfliteKernel, sizes, strides
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.tflite import (
    TfliteAdd,
    TfliteAveragePool,
    TfliteMean,
    TfliteMul,
    TflitePrelu,
    TfliteSoftmax,
)
from microface.network.tensors import Shape

_STRIDES = ("row", "column", "channel")


def _named(name: str, steps: tuple[int, int, int]) -> Fields:
    return {f"{name}_{axis}": step for axis, step in zip(_STRIDES, steps, strict=True)}


class SumTflite(TfliteKernel):
    """Sums and differences, one operand stretched."""

    function, source, per_output = "mf_sum_s8_tflite", "mf_sum_s8_tflite.c", 75
    kind = TfliteAdd
    constant = False
    fine: ClassVar[int] = 20

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """One type, with a constant or without."""
        if not isinstance(op, TfliteAdd | TfliteMul) or not super().matches(op, network):
            return False
        return (op.constant is not None) == self.constant and getattr(op, "fine", self.fine) == self.fine

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the constant, if there is one."""
        assert isinstance(op, TfliteAdd | TfliteMul)
        return {} if op.constant is None else {"constant": op.constant.astype(np.int16)}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return shapes, strides, factors and zero points."""
        assert isinstance(op, TfliteAdd | TfliteMul)
        shapes = [network.tensors[name].shape for name in op.inputs]
        if op.constant is not None:
            rows, columns, channels = op.constant.shape
            shapes.append((rows, columns, channels))
        target = target_of(op, network).shape
        fields = sizes(target) | _named("a", strides(shapes[0], target)) | _named("b", strides(shapes[1], target))
        zero_points = [network.tensors[name].zero_point for name in op.inputs] + [0]
        fields |= {"first_zero_point": zero_points[0], "second_zero_point": zero_points[1]}
        return fields | {"zero_point": op.zero_point, "lo": op.lo, "hi": op.hi} | _factors(op)


def _factors(op: TfliteAdd | TfliteMul) -> Fields:
    if isinstance(op, TfliteMul):
        return {"last": op.factor[0], "last_shift": op.factor[1]}
    factors = {"first": op.first[0], "second": op.second[0], "last": op.last[0], "negate": int(op.negate)}
    return factors | {"first_right": -op.first[1], "second_right": -op.second[1], "last_shift": op.last[1]}


class SumConstantTflite(SumTflite):
    """Sums and differences with a constant."""

    function, source = "mf_sum_constant_s8_tflite", "mf_sum_constant_s8_tflite.c"
    constant = True


class ProductTflite(SumTflite):
    """Products, one operand stretched."""

    function, source, per_output = "mf_product_s8_tflite", "mf_product_s8_tflite.c", 40
    kind = TfliteMul  # type: ignore[assignment]


class ProductConstantTflite(ProductTflite):
    """Products with a constant."""

    function, source = "mf_product_constant_s8_tflite", "mf_product_constant_s8_tflite.c"
    constant = True


class PreluTflite(TfliteKernel):
    """Slopes of channels or values."""

    function, source, kind, per_output = "mf_prelu_s8_tflite", "mf_prelu_s8_tflite.c", TflitePrelu, 30

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Each value is written where it is read."""
        return 0

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the slopes."""
        assert isinstance(op, TflitePrelu)
        return {"slopes": op.slopes.astype(np.int16)}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return shape, strides of the slopes, factors and zero points."""
        assert isinstance(op, TflitePrelu)
        shape = target_of(op, network).shape
        rows, columns, channels = op.slopes.shape
        factors = {"above": op.above[0], "above_shift": op.above[1], "below": op.below[0], "below_shift": op.below[1]}
        points = {"input_zero_point": source_of(op, network).zero_point, "zero_point": op.zero_point}
        return sizes(shape) | _named("slope", strides((rows, columns, channels), shape)) | factors | points


class AveragePoolTflite(TfliteKernel):
    """A division per output."""

    function, source = "mf_average_pool_s8_tflite", "mf_average_pool_s8_tflite.c"
    kind = TfliteAveragePool

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return shapes, window and range."""
        assert isinstance(op, TfliteAveragePool)
        source, target = source_of(op, network).shape, target_of(op, network).shape
        fields = {"input_height": source[0], "input_width": source[1], "channels": source[2]}
        fields |= {"output_height": target[0], "output_width": target[1], "lo": op.lo, "hi": op.hi}
        fields |= {"floor": source_of(op, network).lowest if op.half_up else 0}
        fields |= {"kernel_height": op.size[0], "kernel_width": op.size[1]}
        fields |= {"stride_y": op.stride[0], "stride_x": op.stride[1]}
        return fields | {"pad_top": op.padding[0], "pad_left": op.padding[2]}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 11 instructions per cell of a window and 40 per output."""
        assert isinstance(op, TfliteAveragePool)
        return target_of(op, network).elements * (11 * op.size[0] * op.size[1] + 40)


class ReduceMeanTflite(TfliteKernel):
    """Means over any axes."""

    function, source = "mf_reduce_mean_s8_tflite", "mf_reduce_mean_s8_tflite.c"
    kind = TfliteMean

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return what is summed, where sums begin, and the factor."""
        assert isinstance(op, TfliteMean)
        source, target = source_of(op, network), target_of(op, network)
        summed = _chosen(source.shape, op.axes, 1)
        steps = (source.shape[1] * source.shape[2], source.shape[2], 1)
        fields = {f"output_{name}": size for name, size in sizes(target.shape).items()}
        fields |= dict(zip(("rows", "columns", "depth"), summed, strict=True))
        fields |= {"row": steps[0], "column": steps[1]} | _named("step", steps)
        factor = {"multiplier": op.factor[0], "shift": op.factor[1], "zero_point": op.zero_point}
        return fields | factor | {"offset": op.count(source.shape) * source.zero_point}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 8 instructions per input and 50 per output."""
        return 8 * source_of(op, network).elements + 50 * target_of(op, network).elements


def _chosen(shape: Shape, axes: tuple[int, ...], other: int) -> Shape:
    rows, columns, channels = (size if axis in axes else other for axis, size in enumerate(shape))
    return rows, columns, channels


class SoftmaxTflite(TfliteKernel):
    """In float32, a table of exponentials."""

    function, source, kind, per_output = "mf_softmax_s8_tflite", "mf_softmax_s8_tflite.c", TfliteSoftmax, 60

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """A row is written value by value behind its reading."""
        return 0

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the bits of the exponentials."""
        assert isinstance(op, TfliteSoftmax)
        return {"table": op.table.astype(np.float32).view(np.uint32)}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return rows, channels, the bits of the output's scale and its zero point."""
        assert isinstance(op, TfliteSoftmax)
        target = target_of(op, network)
        bits = int(np.float32(op.scale).view(np.uint32))
        rows = target.elements // target.shape[2]
        return {"rows": rows, "channels": target.shape[2], "scale": bits, "zero_point": op.zero_point}
