"""Fast kernels on Armv7E-M with a PReLU in their requantisation: the same sources, one constant per channel more."""

from types import UnionType
from typing import ClassVar

from microface.chip.plan.kernels.base import Kernel
from microface.chip.plan.kernels.conv2d_dsp import ConvDsp
from microface.chip.plan.kernels.dense_dsp import DenseDsp
from microface.chip.plan.kernels.depthwise_dsp import Depthwise3x3Dsp, DepthwiseDsp
from microface.chip.plan.kernels.inverted_residual_dsp import InvertedResidualDsp
from microface.chip.plan.kernels.pointwise_dsp import PointwiseDsp
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.requantise import HighMulPrelu, Requantise

_MATRIX = ("mf_dsp_matrix_prelu.c", "mf_dsp_panels_prelu.c")
_PLANES = ("mf_dsp_depthwise_prelu.c", "mf_dsp_planes_prelu.c")
_PANEL_BYTES, _WALK_BYTES = 8, 4
"""How much longer the ends of a panel and of a depthwise head are."""


class _WithPrelu(Kernel):
    """What such a kernel has beside what its base class says."""

    rules: ClassVar[type[Requantise] | UnionType] = HighMulPrelu
    more: ClassVar[tuple[str, ...]] = ()
    more_scratch: ClassVar[int] = 0

    @property
    def sources(self) -> tuple[str, ...]:
        """The file that includes the known kernel, that kernel, and the files that either needs."""
        return (*super().sources, *self.more)

    def scratch_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Return the known kernel's scratch and what the constants take more."""
        return super().scratch_bytes(op, network) + self.more_scratch


class PointwisePreluDsp(_WithPrelu, PointwiseDsp):
    """1x1 convolutions."""

    function, source = "mf_pointwise_s8_prelu_dsp", "mf_pointwise_s8_prelu_dsp.c"
    more, more_scratch = (PointwiseDsp.source, *_MATRIX), _PANEL_BYTES


class ConvPreluDsp(_WithPrelu, ConvDsp):
    """Convolutions by gathered windows."""

    function, source = "mf_conv2d_s8_prelu_dsp", "mf_conv2d_s8_prelu_dsp.c"
    more, more_scratch = (ConvDsp.source, *_MATRIX), _PANEL_BYTES


class DensePreluDsp(_WithPrelu, DenseDsp):
    """Dense layers."""

    function, source = "mf_dense_s8_prelu_dsp", "mf_dense_s8_prelu_dsp.c"
    more = (DenseDsp.source,)


class DepthwisePreluDsp(_WithPrelu, DepthwiseDsp):
    """Depthwise convolutions of any window."""

    function, source = "mf_depthwise_s8_prelu_dsp", "mf_depthwise_s8_prelu_dsp.c"
    more = (DepthwiseDsp.source,)


class Depthwise3x3PreluDsp(_WithPrelu, Depthwise3x3Dsp):
    """3x3 depthwise convolutions by channel planes."""

    function, source = "mf_depthwise3x3_s8_prelu_dsp", "mf_depthwise3x3_s8_prelu_dsp.c"
    more, more_scratch = (Depthwise3x3Dsp.source, *_PLANES), _WALK_BYTES


class InvertedResidualPreluDsp(_WithPrelu, InvertedResidualDsp):
    """Blocks with PReLUs behind expansion and depthwise convolution, none behind the projection."""

    function, source = "mf_inverted_residual_s8_prelu_dsp", "mf_inverted_residual_s8_prelu_dsp.c"
    more = (InvertedResidualDsp.source, *_MATRIX, *_PLANES)
    more_scratch = _PANEL_BYTES + _WALK_BYTES
    first, middle = PointwisePreluDsp(), Depthwise3x3PreluDsp()


PRELU_KERNELS: tuple[Kernel, ...] = (
    InvertedResidualPreluDsp(),
    DensePreluDsp(),
    PointwisePreluDsp(),
    ConvPreluDsp(),
    Depthwise3x3PreluDsp(),
    DepthwisePreluDsp(),
)
"""The best first."""
