"""Values rounded to 256 levels whose step is learned: LSQ (Esser et al. 2020). On a processor by `rounded.c`.

There rounding by torch's own operations took two thirds of a training step, nearly all of it for walks over the maps.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from microface.chip.firmware.host_library import load_host_library


class Rounded(torch.autograd.Function):
    """Round `x` to scale * (integer - zero_point), integers -128..127, and pass gradients as LSQ does."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, zero_point: Tensor) -> Tensor:
        """Return `x` rounded; `scale` and the int32 `zero_point` are tensors without axes."""
        ctx.save_for_backward(x, scale, zero_point)
        if not _compiled(x):
            return torch.fake_quantize_per_tensor_affine(x, scale, zero_point, -128, 127)
        y = torch.empty_like(x)
        low, high = _range(zero_point)
        _library().rounded_forward(_at(x), _count(x), ctypes.c_float(float(scale)), low, high, _at(y))
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        """Inside the range x passes its gradient; the step gets the rounding error, outside the end of the range."""
        x, scale, zero = ctx.saved_tensors
        passed, step = (_backward if _compiled(x) else _plain_backward)(x, grads[0], scale, zero)
        return passed, step / (127 * x.numel()) ** 0.5, None


def _plain_backward(x: Tensor, gradient: Tensor, scale: Tensor, zero: Tensor) -> tuple[Tensor, Tensor]:
    real = x / scale
    cut = real.round().clamp_(-128 - zero, 127 - zero)
    inside = (real >= -128 - zero) & (real <= 127 - zero)
    return gradient * inside, (gradient * torch.where(inside, cut - real, cut)).sum()


def _backward(x: Tensor, gradient: Tensor, scale: Tensor, zero: Tensor) -> tuple[Tensor, Tensor]:
    dx, low, high = torch.empty_like(x), *_range(zero)
    if gradient.stride() != x.stride():
        gradient = torch.empty_like(x).copy_(gradient)
    places = _at(x), _at(gradient), _count(x), ctypes.c_float(float(scale)), low, high, _at(dx)
    return dx, torch.tensor(_library().rounded_backward(*places), dtype=x.dtype)


def _compiled(x: Tensor) -> bool:
    """Say whether the C functions take `x`: float32, on a processor, without gaps."""
    dense = x.is_contiguous() or (x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last))
    return x.device.type == "cpu" and x.dtype == torch.float32 and dense


@cache
def _library() -> ctypes.CDLL:
    library = load_host_library(Path(__file__).with_suffix(".c"))
    library.rounded_forward.restype, library.rounded_backward.restype = None, ctypes.c_double
    return library


def _at(x: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(x.data_ptr())


def _count(x: Tensor) -> ctypes.c_int64:
    return ctypes.c_int64(x.numel())


def _range(zero: Tensor) -> tuple[ctypes.c_float, ctypes.c_float]:
    return ctypes.c_float(-128 - int(zero)), ctypes.c_float(127 - int(zero))
