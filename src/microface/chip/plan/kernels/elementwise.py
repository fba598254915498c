"""ADD, portable and for hosts, and FLATTEN, which needs no code."""

from microface.chip.plan.kernels.base import Fields, Kernel, are_bytes
from microface.network.network import IntegerNetwork
from microface.network.ops import Add, Flatten, Operator


class AddPortable(Kernel):
    """y = min(max((a * ma + b * mb + c) >> shift, lo), hi)."""

    function = "mf_add_s8"
    source = "mf_add_s8.c"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any ADD of bytes."""
        return isinstance(op, Add) and are_bytes(op, network)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """The output may take the place of either input."""
        return 0

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the number of values and the operator's constants."""
        assert isinstance(op, Add)
        constants = {name: getattr(op, name) for name in ("ma", "mb", "c", "shift", "lo", "hi")}
        return constants | {"elements": network.tensors[op.output].elements}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 22 instructions per value."""
        return 22 * network.tensors[op.output].elements


class AddAvx2(AddPortable):
    """Sixteen values at a time on AVX2 hosts."""

    function = "mf_add_s8_avx2"
    source = "mf_add_s8_avx2.c"
    header = "mf_kernels_avx2.h"
    features = frozenset({"avx2"})


class FlattenView(Kernel):
    """The same bytes in the same order: the output is the input's place."""

    view = True

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any FLATTEN."""
        return isinstance(op, Flatten)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """The output lies in the input's place."""
        return 0

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Nothing: there is no call."""
        return {}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Nothing: there is no call."""
        return 0
