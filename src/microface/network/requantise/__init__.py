"""Requantisation: how an accumulator becomes an output integer. One rule per file; an operator holds one."""

from microface.network.requantise.highmul import HighMul
from microface.network.requantise.none import NoRequantise

Requantise = HighMul | NoRequantise
KINDS: dict[str, type[HighMul] | type[NoRequantise]] = {"highmul": HighMul, "none": NoRequantise}

__all__ = ["KINDS", "HighMul", "NoRequantise", "Requantise"]
