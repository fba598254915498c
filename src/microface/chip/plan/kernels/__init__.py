"""Kernels: one file per family, each with what a plan must know of its C functions. `choose` picks the best."""

from microface.chip.plan.kernels.base import Fields, Kernel, Tables
from microface.chip.plan.kernels.registry import KERNELS, choose

__all__ = ["KERNELS", "Fields", "Kernel", "Tables", "choose"]
