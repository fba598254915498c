"""Concatenation of channels: the bytes are moved; an input that dies may lie in the output's upper end."""

from microface.chip.plan.kernels.base import Fields, Kernel, are_bytes, pixels_of, source_of, target_of
from microface.network.network import IntegerNetwork
from microface.network.ops import Concat, Operator


def _channels(op: Operator, network: IntegerNetwork) -> tuple[int, int]:
    a, b = (network.tensors[name].shape[2] for name in op.inputs)
    return a, b


class ConcatPortable(Kernel):
    """The channels of two tensors side by side."""

    function = "mf_concat_s8"
    source = "mf_concat_s8.c"
    header = "mf_kernels_concat.h"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any concatenation of bytes."""
        return isinstance(op, Concat) and are_bytes(op, network)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the larger input's bytes: what is written is then never ahead of what is read of the other."""
        return max(network.tensors[name].bytes for name in op.inputs)

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the number of pixels and both numbers of channels."""
        a, b = _channels(op, network)
        return {"pixels": pixels_of(source_of(op, network)), "channels_a": a, "channels_b": b}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 2 instructions per byte and 30 per pixel."""
        target = target_of(op, network)
        return 2 * target.bytes + 30 * pixels_of(target)


class ConcatDsp(ConcatPortable):
    """Sixteen bytes at a time by LDM and STM on Armv7E-M."""

    function = "mf_concat_s8_dsp"
    source = "mf_concat_s8_dsp.c"
    features = frozenset({"dsp"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Concatenations whose channels are whole words."""
        return super().matches(op, network) and all(n % 4 == 0 for n in _channels(op, network))

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what sixteen bytes at a time, single words and pixels take."""
        words = [n // 4 for n in _channels(op, network)]
        per_pixel = sum(5 * (n // 4) + 5 * (n % 4) for n in words)
        return 30 + pixels_of(target_of(op, network)) * (12 + per_pixel)
