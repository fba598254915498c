"""Kernels with TFLite's arithmetic. `TFLITE_KERNELS` lists them, the best first."""

from microface.chip.plan.kernels.base import Kernel
from microface.chip.plan.kernels.tflite.arithmetic import (
    AveragePoolTflite,
    PreluTflite,
    ProductConstantTflite,
    ProductTflite,
    ReduceMeanTflite,
    SoftmaxTflite,
    SumConstantTflite,
    SumTflite,
)
from microface.chip.plan.kernels.tflite.avx2 import ConvTfliteAvx2, DepthwiseTfliteAvx2, PointwiseTfliteAvx2
from microface.chip.plan.kernels.tflite.elementwise import AddTflite, ReshapeView
from microface.chip.plan.kernels.tflite.moves import (
    ConstantPortable,
    FillPortable,
    GatherPortable,
    JoinPortable,
    LookupPortable,
    ResizeBilinearPortable,
    ResizeNearestPortable,
)
from microface.chip.plan.kernels.tflite.rounded import (
    ConvTflite,
    ConvTfliteDsp,
    DenseTfliteDsp,
    Depthwise3x3TfliteDsp,
    DepthwiseTflite,
    DepthwiseTfliteDsp,
    InvertedResidualTfliteDsp,
    MeanTflite,
    MeanTfliteDsp,
    PointwiseTflite,
    PointwiseTfliteDsp,
)
from microface.chip.plan.kernels.tflite.s16 import WIDE_KERNELS
from microface.chip.plan.kernels.tflite.wide import WEIGHTED_KERNELS

TFLITE_KERNELS: tuple[Kernel, ...] = (
    ReshapeView(),
    InvertedResidualTfliteDsp(),
    DenseTfliteDsp(),
    PointwiseTfliteDsp(),
    ConvTfliteDsp(),
    Depthwise3x3TfliteDsp(),
    DepthwiseTfliteDsp(),
    MeanTfliteDsp(),
    PointwiseTfliteAvx2(),
    ConvTfliteAvx2(),
    DepthwiseTfliteAvx2(),
    PointwiseTflite(),
    ConvTflite(),
    DepthwiseTflite(),
    MeanTflite(),
    AddTflite(),
    SumTflite(),
    SumConstantTflite(),
    ProductTflite(),
    ProductConstantTflite(),
    PreluTflite(),
    AveragePoolTflite(),
    ReduceMeanTflite(),
    SoftmaxTflite(),
    LookupPortable(),
    ConstantPortable(),
    GatherPortable(),
    JoinPortable(),
    FillPortable(),
    ResizeNearestPortable(),
    ResizeBilinearPortable(),
    *WEIGHTED_KERNELS,
    *WIDE_KERNELS,
)

__all__ = ["TFLITE_KERNELS"]
