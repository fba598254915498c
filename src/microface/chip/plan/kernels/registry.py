"""All kernels, the best first; a plan takes the first that fits the operator and the target."""

from collections.abc import Collection

from microface.chip.plan.kernels.base import Kernel
from microface.chip.plan.kernels.concat import ConcatDsp, ConcatPortable
from microface.chip.plan.kernels.conv2d import ConvNibbles, ConvPortable, ConvPortable32
from microface.chip.plan.kernels.conv2d_dsp import ConvDsp
from microface.chip.plan.kernels.dense_dsp import DenseDsp
from microface.chip.plan.kernels.depthwise import DepthwiseNibbles, DepthwisePortable, DepthwisePortable32
from microface.chip.plan.kernels.depthwise_avx2 import DepthwiseAvx2
from microface.chip.plan.kernels.depthwise_dsp import Depthwise3x3Dsp, DepthwiseDsp
from microface.chip.plan.kernels.elementwise import AddAvx2, AddPortable, FlattenView
from microface.chip.plan.kernels.inverted_residual_dsp import InvertedResidualDsp
from microface.chip.plan.kernels.matrix_avx2 import ConvAvx2, PointwiseAvx2
from microface.chip.plan.kernels.max78000 import AverageCut
from microface.chip.plan.kernels.pointwise import (
    PointwiseNibbles,
    PointwiseNibbles32,
    PointwisePortable,
    PointwisePortable32,
)
from microface.chip.plan.kernels.pointwise_dsp import PointwiseDsp
from microface.chip.plan.kernels.pools import AveragePoolPortable, MaxPoolPortable, MeanPortable, PadPortable
from microface.chip.plan.kernels.prelu import PreluAvx2, PreluDsp, PreluPortable
from microface.chip.plan.kernels.prelu_dsp import PRELU_KERNELS
from microface.chip.plan.kernels.rv32 import RV32_KERNELS
from microface.chip.plan.kernels.small_dsp import AddDsp, AveragePoolDsp, MaxPoolDsp, MeanDsp
from microface.chip.plan.kernels.tflite import TFLITE_KERNELS
from microface.errors import UserError
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator

KERNELS: tuple[Kernel, ...] = (
    FlattenView(),
    InvertedResidualDsp(),
    DenseDsp(),
    PointwiseDsp(),
    ConvDsp(),
    Depthwise3x3Dsp(),
    *PRELU_KERNELS,
    DepthwiseDsp(),
    AddDsp(),
    MeanDsp(),
    MaxPoolDsp(),
    AveragePoolDsp(),
    ConcatDsp(),
    PreluDsp(),
    PointwiseAvx2(),
    ConvAvx2(),
    DepthwiseAvx2(),
    AddAvx2(),
    PreluAvx2(),
    *RV32_KERNELS,
    PointwiseNibbles(),
    PointwiseNibbles32(),
    PointwisePortable(),
    PointwisePortable32(),
    ConvNibbles(),
    ConvPortable(),
    ConvPortable32(),
    DepthwiseNibbles(),
    DepthwisePortable(),
    DepthwisePortable32(),
    AddPortable(),
    MaxPoolPortable(),
    AveragePoolPortable(),
    MeanPortable(),
    PadPortable(),
    ConcatPortable(),
    PreluPortable(),
    AverageCut(),
    *TFLITE_KERNELS,
)


def choose(op: Operator, network: IntegerNetwork, features: Collection[str]) -> Kernel:
    """Return the best kernel for `op` on a target with `features`; a `UserError` where there is none."""
    for kernel in KERNELS:
        if kernel.features <= set(features) and kernel.matches(op, network):
            return kernel
    raise UserError(f"operator {op.name}", f"{op.kind} has no kernel for its types", "see docs/kernel.md to add one")
