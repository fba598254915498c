"""Kernels with TFLite's arithmetic. `TFLITE_KERNELS` lists them, the best first."""

from microface.chip.plan.kernels.base import Kernel
from microface.chip.plan.kernels.tflite.elementwise import AddTflite, ReshapeView
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

TFLITE_KERNELS: tuple[Kernel, ...] = (
    ReshapeView(),
    InvertedResidualTfliteDsp(),
    DenseTfliteDsp(),
    PointwiseTfliteDsp(),
    ConvTfliteDsp(),
    Depthwise3x3TfliteDsp(),
    DepthwiseTfliteDsp(),
    MeanTfliteDsp(),
    PointwiseTflite(),
    ConvTflite(),
    DepthwiseTflite(),
    MeanTflite(),
    AddTflite(),
)

__all__ = ["TFLITE_KERNELS"]
