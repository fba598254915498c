"""Requantisation: how an accumulator becomes an output integer. One rule per file; an operator holds one."""

from microface.network.requantise.highmul import HighMul
from microface.network.requantise.none import NoRequantise
from microface.network.requantise.shift_half_up import ShiftHalfUp
from microface.network.requantise.tflite import DoubleRounding, SingleRounding, WideRounding

Requantise = HighMul | NoRequantise | DoubleRounding | ShiftHalfUp
KINDS: dict[str, type[HighMul] | type[NoRequantise] | type[DoubleRounding] | type[ShiftHalfUp]] = {
    rule.kind: rule for rule in (HighMul, NoRequantise, DoubleRounding, SingleRounding, WideRounding, ShiftHalfUp)
}

__all__ = [
    "KINDS",
    "DoubleRounding",
    "HighMul",
    "NoRequantise",
    "Requantise",
    "ShiftHalfUp",
    "SingleRounding",
    "WideRounding",
]
