"""Requantisation: how an accumulator becomes an output integer. One rule per file; an operator holds one."""

from microface.network.requantise.highmul import HighMul
from microface.network.requantise.highmul_prelu import HighMulPrelu
from microface.network.requantise.none import NoRequantise
from microface.network.requantise.real import RealRounding
from microface.network.requantise.shift_half_up import ShiftHalfUp
from microface.network.requantise.tflite import DoubleRounding, SingleRounding, WideRounding

Requantise = HighMul | HighMulPrelu | NoRequantise | DoubleRounding | RealRounding | ShiftHalfUp
_RULES: tuple[type[Requantise], ...] = (
    HighMul, HighMulPrelu, NoRequantise, DoubleRounding, SingleRounding, WideRounding, RealRounding, ShiftHalfUp,
)  # fmt: skip
KINDS: dict[str, type[Requantise]] = {rule.kind: rule for rule in _RULES}

__all__ = [
    "KINDS",
    "DoubleRounding",
    "HighMul",
    "HighMulPrelu",
    "NoRequantise",
    "RealRounding",
    "Requantise",
    "ShiftHalfUp",
    "SingleRounding",
    "WideRounding",
]
