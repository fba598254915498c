"""ADD, MEAN and pools on Armv7E-M: four bytes of a word at a time."""

from microface.chip.plan.kernels.base import pixels_of, source_of
from microface.chip.plan.kernels.elementwise import AddPortable
from microface.chip.plan.kernels.pools import AveragePoolPortable, MaxPoolPortable, MeanPortable
from microface.network.network import IntegerNetwork
from microface.network.ops import AveragePool, MaxPool, Operator


class AddDsp(AddPortable):
    """Both products and the sum are one SMLAD."""

    function = "mf_add_s8_dsp"
    source = "mf_add_s8_dsp.c"
    helpers = ("mf_dsp_clamp.c",)
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what fours of values take."""
        return 40 + 34 * network.tensors[op.output].elements // 4


class MeanDsp(MeanPortable):
    """Sums of four channels at a time."""

    function = "mf_mean_s8_dsp"
    source = "mf_mean_s8_dsp.c"
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what sums of four channels and their factors take."""
        source = source_of(op, network)
        return 40 + source.shape[2] * (103 + 7 * pixels_of(source)) // 4


class MaxPoolDsp(MaxPoolPortable):
    """The larger bytes of two words by SSUB8 and SEL."""

    function = "mf_max_pool_s8_dsp"
    source = "mf_max_pool_s8_dsp.c"
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Max pools whose channels are whole words."""
        return super().matches(op, network) and source_of(op, network).shape[2] % 4 == 0

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what the cells of all windows take, four channels at a time."""
        assert isinstance(op, MaxPool)
        words = network.tensors[op.output].elements // 4
        return 60 + words * (28 + op.size[0] * (8 + 6 * op.size[1]))


class AveragePoolDsp(AveragePoolPortable):
    """Sums of four channels at a time."""

    function = "mf_average_pool_s8_dsp"
    source = "mf_average_pool_s8_dsp.c"
    header = "mf_kernels_dsp.h"
    features = frozenset({"dsp"})

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Average pools whose channels are whole words and whose sums fit 16 bits."""
        small = isinstance(op, AveragePool) and op.size[0] * op.size[1] <= 255
        return small and super().matches(op, network) and source_of(op, network).shape[2] % 4 == 0

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return what sums and factors take, four channels at a time."""
        assert isinstance(op, AveragePool)
        target = network.tensors[op.output]
        words = target.elements // 4 * (85 + op.size[0] * (8 + 6 * op.size[1]))
        return 60 + 50 * pixels_of(target) + words
