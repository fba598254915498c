"""Fused activations as ranges of output integers."""

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.model import TfTensor
from microface.network.convert.tflite.schema import ACTIVATIONS
from microface.network.tensors import Tensor

_BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
    "RELU_0_TO_1": (0.0, 1.0),
}


def activation_name(number: int, where: str) -> str:
    """Return the name of a fused activation that integers can cut."""
    name = ACTIVATIONS.get(number, str(number))
    if name not in _BOUNDS:
        raise UserError(where, f"has the fused activation {name}", "use none, relu, relu6 or relu_n1_to_1")
    return name


def activation_range(name: str, given: TfTensor, output: Tensor) -> tuple[int, int]:
    """Return the least and greatest output integer of the activation `name`."""
    lower, upper = _BOUNDS[name]
    lo = output.lowest if lower is None else max(output.lowest, quantise(lower, given))
    hi = output.highest if upper is None else min(output.highest, quantise(upper, given))
    return lo, hi


def quantise(value: float, given: TfTensor) -> int:
    """Return the integer of a real `value` as TFLite computes it, in float32, halves away from zero."""
    with np.errstate(over="ignore"):
        ratio = np.float32(value) / given.scale
    if not np.isfinite(ratio):
        raise UserError(given.where, f"has the scale {given.scale}", "calibrate it again")
    return int(np.copysign(np.floor(np.abs(ratio) + np.float32(0.5)), ratio)) + given.zero_point
