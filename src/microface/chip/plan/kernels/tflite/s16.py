"""Kernels of 16-bit activations: moves and arithmetic are the byte kernels' sources with another type."""

from microface.chip.plan.kernels.base import Fields, Tables, source_of, target_of
from microface.chip.plan.kernels.pools import MaxPoolPortable
from microface.chip.plan.kernels.tflite.arithmetic import (
    AveragePoolTflite,
    PreluTflite,
    ProductConstantTflite,
    ProductTflite,
    ReduceMeanTflite,
    SumConstantTflite,
    SumTflite,
)
from microface.chip.plan.kernels.tflite.moves import (
    ConstantPortable,
    FillPortable,
    GatherPortable,
    JoinPortable,
    ResizeBilinearPortable,
    ResizeNearestPortable,
    TfliteKernel,
)
from microface.network.network import IntegerNetwork
from microface.network.ops import MaxPool, Operator
from microface.network.ops.tflite import Rescale, TfliteSigmoid, TfliteSoftmax16
from microface.network.ops.tflite.sigmoid import half_curve


class _Wide(TfliteKernel):
    """What they share: 16 bits, and the byte kernel's source, which theirs includes."""

    header = "mf_kernels_s16.h"
    dtype = "s16"


class Gather16(_Wide, GatherPortable):
    """SLICE and TRANSPOSE."""

    function, source, helpers = "mf_gather_s16", "mf_gather_s16.c", ("mf_gather_s8.c",)


class Constant16(_Wide, ConstantPortable):
    """A constant is copied to the arena."""

    function, source, helpers = "mf_constant_s16", "mf_constant_s16.c", ("mf_constant_s8.c",)


class Join16(_Wide, JoinPortable):
    """Two tensors one after the other along an axis."""

    function, source, helpers = "mf_join_s16", "mf_join_s16.c", ("mf_join_s8.c",)


class Fill16(_Wide, FillPortable):
    """Padding along any axis by any value."""

    function, source, helpers = "mf_fill_s16", "mf_fill_s16.c", ("mf_fill_s8.c",)


class ResizeNearest16(_Wide, ResizeNearestPortable):
    """Rows and columns by tables."""

    function, source, helpers = "mf_resize_nearest_s16", "mf_resize_nearest_s16.c", ("mf_resize_nearest_s8.c",)


class ResizeBilinear16(_Wide, ResizeBilinearPortable):
    """Two rows and columns with a weight by tables."""

    function, source, helpers = "mf_resize_bilinear_s16", "mf_resize_bilinear_s16.c", ("mf_resize_bilinear_s8.c",)


class MaxPool16(MaxPoolPortable):
    """The largest value of each window."""

    function, source, helpers = "mf_max_pool_s16", "mf_max_pool_s16.c", ("mf_max_pool_s8.c",)
    header = "mf_kernels_s16.h"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any max pool of 16 bits."""
        return isinstance(op, MaxPool) and source_of(op, network).dtype == "s16"


class AveragePool16(_Wide, AveragePoolTflite):
    """A division per output."""

    function, source = "mf_average_pool_s16_tflite", "mf_average_pool_s16_tflite.c"
    helpers = ("mf_average_pool_s8_tflite.c",)


class ReduceMean16(_Wide, ReduceMeanTflite):
    """Means over any axes."""

    function, source = "mf_reduce_mean_s16_tflite", "mf_reduce_mean_s16_tflite.c"
    helpers = ("mf_reduce_mean_s8_tflite.c",)


class Prelu16(_Wide, PreluTflite):
    """Slopes of channels or values, and LEAKY_RELU."""

    function, source, helpers = "mf_prelu_s16_tflite", "mf_prelu_s16_tflite.c", ("mf_prelu_s8_tflite.c",)


class Sum16(_Wide, SumTflite):
    """Sums and differences."""

    function, source, helpers = "mf_sum_s16_tflite", "mf_sum_s16_tflite.c", ("mf_sum_s8_tflite.c",)
    fine = 15


class SumConstant16(_Wide, SumConstantTflite):
    """Sums and differences with a constant."""

    function, source = "mf_sum_constant_s16_tflite", "mf_sum_constant_s16_tflite.c"
    helpers = ("mf_sum_constant_s8_tflite.c",)
    fine = 15


class Product16(_Wide, ProductTflite):
    """Products."""

    function, source, helpers = "mf_product_s16_tflite", "mf_product_s16_tflite.c", ("mf_product_s8_tflite.c",)
    fine = 15


class ProductConstant16(_Wide, ProductConstantTflite):
    """Products with a constant."""

    function, source = "mf_product_constant_s16_tflite", "mf_product_constant_s16_tflite.c"
    helpers = ("mf_product_constant_s8_tflite.c",)
    fine = 15


class Rescale16(_Wide):
    """Another scale or range within 16 bits."""

    function, source, kind, per_output = "mf_rescale_s16", "mf_rescale_s16.c", Rescale, 22
    types = ("s16", "s16")

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Rescales between this kernel's types."""
        if not isinstance(op, Rescale):
            return False
        return (source_of(op, network).dtype, target_of(op, network).dtype) == self.types

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int | None:
        """Each value is written where it is read."""
        return 0 if self.types[0] == self.types[1] else None

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the number of values, factor, zero points and range."""
        assert isinstance(op, Rescale)
        sizes = {"elements": target_of(op, network).elements, "multiplier": op.factor[0], "shift": op.factor[1]}
        points = {"input_zero_point": source_of(op, network).zero_point, "zero_point": op.zero_point}
        return sizes | points | {"lo": op.lo, "hi": op.hi}


class RescaleFromBytes(Rescale16):
    """From bytes to 16 bits."""

    function, source, types = "mf_rescale_s8_s16", "mf_rescale_s8_s16.c", ("s8", "s16")


class RescaleToBytes(Rescale16):
    """From 16 bits to bytes."""

    function, source, types = "mf_rescale_s16_s8", "mf_rescale_s16_s8.c", ("s16", "s8")


class Sigmoid16(_Wide):
    """LOGISTIC and TANH by a table of half the curve."""

    function, source, kind, per_output = "mf_sigmoid_s16", "mf_sigmoid_s16.c", TfliteSigmoid, 30

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Each value is written where it is read."""
        return 0

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the table, the same for every operator."""
        return {"table": half_curve()}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the number of values, the factor and which curve."""
        assert isinstance(op, TfliteSigmoid)
        sizes = {"elements": target_of(op, network).elements, "multiplier": op.multiplier}
        return sizes | {"right": op.right, "tanh": int(op.tanh)}


class Softmax16(_Wide):
    """In integers, by two tables."""

    function, source, kind, per_output = "mf_softmax_s16", "mf_softmax_s16.c", TfliteSoftmax16, 60

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """A row is written value by value behind its reading."""
        return 0

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return both curves."""
        assert isinstance(op, TfliteSoftmax16)
        return {"exponentials": op.exponentials, "reciprocals": op.reciprocals}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return rows, channels and the factor."""
        assert isinstance(op, TfliteSoftmax16)
        target = target_of(op, network)
        sizes = {"rows": target.elements // target.shape[2], "channels": target.shape[2]}
        return sizes | {"multiplier": op.factor[0], "shift": op.factor[1]}


WIDE_KERNELS = (
    Constant16(), Gather16(), Join16(), Fill16(), ResizeNearest16(), ResizeBilinear16(), MaxPool16(), AveragePool16(),
    ReduceMean16(), Prelu16(), Sum16(), SumConstant16(), Product16(), ProductConstant16(), Rescale16(),
    RescaleFromBytes(), RescaleToBytes(), Sigmoid16(), Softmax16(),
)  # fmt: skip
"""Kernels of 16-bit activations without weights."""
