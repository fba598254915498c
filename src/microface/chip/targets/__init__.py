"""Chips by name: `Target.load("stm32h743zi")`, `Target.names()`. A new chip is a copy of `TEMPLATE/target.toml`."""

from microface.chip.targets.target import (
    Compiler,
    GalleryFlash,
    Memory,
    Placement,
    Rule,
    Target,
    Timing,
)

__all__ = ["Compiler", "GalleryFlash", "Memory", "Placement", "Rule", "Target", "Timing"]
