"""PRELU, portable and fast: the slopes are repeated until whole steps of the kernel end with a channel's last."""

from math import lcm
from typing import ClassVar, cast

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator, Prelu


class PreluPortable(Kernel):
    """Slopes [C] in units of 2^-14."""

    function = "mf_prelu_s8"
    source = "mf_prelu_s8.c"
    step: ClassVar[int] = 1
    """Values that the kernel takes at a time."""

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any PRELU."""
        return isinstance(op, Prelu)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """The output may take the input's place."""
        return 0

    def _period(self, op: Operator) -> int:
        return lcm(len(cast(Prelu, op).slopes), self.step)

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the slopes, as often as whole steps need them."""
        slopes = cast(Prelu, op).slopes
        return {"slopes": np.tile(slopes, self._period(op) // len(slopes))}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the number of values, after how many the slopes repeat, and the zero point."""
        target = network.tensors[op.output]
        return {"elements": target.elements, "period": self._period(op), "zero_point": target.zero_point}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 15 instructions per value."""
        return 15 * network.tensors[op.output].elements


class PreluAvx2(PreluPortable):
    """Sixteen values at a time on AVX2 hosts."""

    function = "mf_prelu_s8_avx2"
    source = "mf_prelu_s8_avx2.c"
    header = "mf_kernels_avx2.h"
    features = frozenset({"avx2"})
    step = 16


class PreluDsp(PreluPortable):
    """Two values in each instruction, eight at a time."""

    function = "mf_prelu_s8_dsp"
    source = "mf_prelu_s8_dsp.c"
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})
    step = 8

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the slopes in the order of widened words: 0 2 1 3 of each four."""
        slopes = super().pack(op, network)["slopes"]
        return {"slopes": np.ascontiguousarray(slopes.reshape(-1, 4)[:, [0, 2, 1, 3]]).ravel()}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return 46 instructions per eight values, what each round of slopes takes, and single values at the end."""
        elements, period = network.tensors[op.output].elements, self._period(op)
        rounds, rest = divmod(elements, period)
        return 50 + rounds * (46 * period // 8 + 3) + 16 * rest
