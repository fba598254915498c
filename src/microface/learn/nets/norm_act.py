"""Batch norm and activation of a training step in one pass over the map: `norm_act.c`, called from autograd.

On a processor these two take more of a step than the convolutions do (PReLU: 60 %), nearly all of it for reading and
writing maps again and again.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from microface.chip.firmware.host_library import load_host_library

_POINTERS = ("gamma", "beta", "slopes", "mean", "variance", "scale", "shift", "sums", "part")


class _Layer(ctypes.Structure):
    """`Layer` of norm_act.c."""

    _fields_ = (
        ("rows", ctypes.c_int64),
        ("channels", ctypes.c_int64),
        ("cap", ctypes.c_float),
        ("epsilon", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in _POINTERS),
    )


@cache
def _library() -> ctypes.CDLL:
    return load_host_library(Path(__file__).with_suffix(".c"))


def applies(x: Tensor) -> bool:
    """Say whether the kernel takes map `x` [N, C, H, W]: float32, channels last, on a processor, values to spread."""
    right = x.device.type == "cpu" and x.dtype == torch.float32 and x.numel() > x.shape[1]
    return right and x.is_contiguous(memory_format=torch.channels_last)


def norm_act(x: Tensor, norm: nn.BatchNorm2d, act: nn.Module | None) -> Tensor:
    """Return `act` (ReLU, ReLU6, PReLU by channel or none) of the batch norm of `x` in training.

    `norm`'s running mean and variance move on as its own would.
    """
    mean, variance = torch.empty_like(norm.weight), torch.empty_like(norm.weight)
    slopes, cap = _shape_of(act, norm.weight)
    result = _NormAct.apply(x, norm.weight, norm.bias, slopes, (cap, norm.eps, mean, variance))
    _move_on(norm, mean, variance, x.numel() // x.shape[1])
    return cast(Tensor, result)


def sloped(x: Tensor, slopes: Tensor) -> Tensor:
    """Return `x` with values below 0 multiplied by the slope [C] of their channel: PReLU without a norm before it."""
    return cast(Tensor, _Sloped.apply(x, slopes))


def _shape_of(act: nn.Module | None, like: Tensor) -> tuple[Tensor, float]:
    """Return the slopes [C] below 0 and the greatest value."""
    if isinstance(act, nn.PReLU):
        return act.weight, float("inf")
    slope = 1.0 if act is None else 0.0
    return torch.full_like(like, slope, requires_grad=False), 6.0 if isinstance(act, nn.ReLU6) else float("inf")


@torch.no_grad()
def _move_on(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, rows: int) -> None:
    """Move the running statistics; the variance is kept as the estimate for the population."""
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked += 1
    share = norm.momentum if norm.momentum is not None else 1 / float(norm.num_batches_tracked)
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(variance * (rows / (rows - 1)), share)


def _call(name: str, state: tuple[Tensor, ...], settings: tuple[float, float], *maps: Tensor) -> None:
    """Call a function of the library; `state`: gamma, beta, slopes, mean, variance, scale, shift."""
    channels = state[0].numel()
    work = torch.empty(3 * channels, dtype=torch.float64), torch.empty(3 * channels)
    pointers = (each.data_ptr() for each in (*state, *work))
    layer = _Layer(maps[0].numel() // channels, channels, *settings, *pointers)
    _library()[name](ctypes.byref(layer), *(ctypes.c_void_p(each.data_ptr()) for each in maps))


class _NormAct(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any, x: Tensor, gamma: Tensor, beta: Tensor, slopes: Tensor, rest: tuple[float, float, Tensor, Tensor]
    ) -> Tensor:
        cap, epsilon, mean, variance = rest
        state = gamma, beta, slopes, mean, variance, torch.empty_like(gamma), torch.empty_like(gamma)
        y = torch.empty_like(x)
        _call("norm_act_forward", state, (cap, epsilon), x, y)
        context.save_for_backward(x, *state)
        context.settings = cap, epsilon
        return y

    @staticmethod
    @once_differentiable
    def backward(context: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        x, *state = context.saved_tensors
        dy = outer[0].contiguous(memory_format=torch.channels_last)
        gradients, dx = torch.empty(3, len(state[0])), torch.empty_like(x)
        _call("norm_act_backward", tuple(state), context.settings, dy, x, gradients, dx)
        return dx, *gradients, None


class _Sloped(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, slopes: Tensor) -> Tensor:
        context.save_for_backward(x, slopes)
        y = torch.empty_like(x)
        _call("act_forward", _identity(slopes), (float("inf"), 0.0), x, y)
        return y

    @staticmethod
    @once_differentiable
    def backward(context: Any, *outer: Tensor) -> tuple[Tensor, Tensor]:
        x, slopes = context.saved_tensors
        dy = outer[0].contiguous(memory_format=torch.channels_last)
        gradients, dx = torch.empty(3, len(slopes)), torch.empty_like(x)
        _call("act_backward", _identity(slopes), (float("inf"), 0.0), dy, x, gradients, dx)
        return dx, gradients[2]


def _identity(slopes: Tensor) -> tuple[Tensor, ...]:
    """Return the state of a norm that changes nothing, before an activation by `slopes`."""
    one, zero = torch.ones_like(slopes), torch.zeros_like(slopes)
    return one, zero, slopes, zero, one, one, zero
