"""Kinds of core, one small file each: `core_of(target)`. A new kind is a copy of `riscv.py`, named in `registry.py`."""

from microface.chip.cores.core import Core, Registers, Stop, WideAccesses
from microface.chip.cores.registry import CORES, core_of

__all__ = ["CORES", "Core", "Registers", "Stop", "WideAccesses", "core_of"]
