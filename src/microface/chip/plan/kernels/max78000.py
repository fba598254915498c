"""The one operator of the MAX78000's accelerator that processors run as it is: its average."""

from microface.chip.plan.kernels.base import Fields, Kernel, are_bytes, source_of, target_of
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.max78000 import Passthrough
from microface.network.passes.on_processor import is_average


class AverageCut(Kernel):
    """The mean over each window, cut toward zero or rounded half away from it."""

    function = "mf_average_cut_s8"
    source = "mf_average_cut_s8.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any average of the accelerator that is no part of a convolution."""
        return is_average(op) and are_bytes(op, network)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the shapes, the window and the rounding."""
        assert isinstance(op, Passthrough)
        source, target = source_of(op, network).shape, target_of(op, network).shape
        names = ("input_width", "channels", "output_height", "output_width")
        sizes = dict(zip(names, (*source[1:], *target[:2]), strict=True))
        windows = ("kernel_height", "kernel_width", "stride_y", "stride_x")
        window = dict(zip(windows, (*op.pool_size, *op.pool_stride), strict=True))
        return sizes | window | {"rounding": int(op.pool_rounding)}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 6 instructions per cell of a window and 22 per output."""
        assert isinstance(op, Passthrough)
        return network.tensors[op.output].elements * (6 * op.pool_size[0] * op.pool_size[1] + 22)
