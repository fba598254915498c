"""What every operator has: a name, inputs, an output, a shape rule, an integer meaning and a cost."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.requantise import HighMulPrelu, Requantise
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True)
class Cost:
    """Multiply-accumulates of one inference and bytes of constants (weights and biases, without kernel padding)."""

    macs: int = 0
    constant_bytes: int = 0


@dataclass(frozen=True, eq=False)
class Operator(ABC):
    """One step of an integer network. `inputs` and `output` are names of tensors."""

    kind: ClassVar[str]

    name: str
    inputs: tuple[str, ...]
    output: str

    @abstractmethod
    def shape(self, *inputs: Shape) -> Shape:
        """Return the output's shape; raise `UserError` where the inputs do not fit."""

    @abstractmethod
    def run(self, values: Sequence[np.ndarray], inputs: Sequence[Tensor]) -> np.ndarray:
        """Return the output's integers [N, H, W, C] for `values`, one array [N, H, W, C] per input tensor."""

    def cost(self, *inputs: Shape) -> Cost:
        """Return what one inference costs; operators without weights cost no multiply-accumulates."""
        return Cost()

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Raise `UserError` unless scales, zero points and accumulator bounds hold; shapes are checked before."""


@dataclass(frozen=True, eq=False)
class WeightedOperator(Operator):
    """An operator with symmetric weights per output channel: acc = sum (x - zx) * w + bias, then requantisation.

    `weights` are int8 in memory; with `weight_bits` 4 they lie in -8..7 and take half a byte each in files and flash.
    """

    weights: np.ndarray
    bias: np.ndarray
    requantise: Requantise
    weight_bits: int = field(default=8, kw_only=True)

    @abstractmethod
    def weights_per_output(self) -> np.ndarray:
        """Return the weights as int64 [O, K]: a row holds all weights of one output channel."""

    def folded_bias(self, zero_point: int) -> np.ndarray:
        """Return int64 [O]: the bias with the input's `zero_point` folded in, for kernels that sum x * w."""
        return self.bias.astype(np.int64) - zero_point * self.weights_per_output().sum(axis=1)

    def bound(self, source: Tensor) -> np.ndarray:
        """Return int64 [O]: |folded bias| + sum |w| * max|x|, which bounds every partial sum in any order."""
        largest = max(-source.lowest, source.highest)
        return np.abs(self.folded_bias(source.zero_point)) + np.abs(self.weights_per_output()).sum(axis=1) * largest

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require weights of 4 or 8 bits that fit them; prove that no accumulator overflows."""
        if self.weight_bits not in (4, 8):
            raise UserError(f"operator {self.name}", f"has weights of {self.weight_bits} bits", "use 4 or 8")
        half = 1 << (self.weight_bits - 1)
        if self.weights.size and not -half <= self.weights.min() <= self.weights.max() < half:
            allowed = f"{-half}..{half - 1}"
            raise UserError(f"operator {self.name}", f"has weights outside {allowed}", "quantise it again")
        self.requantise.check(self.name, self.bound(inputs[0]))

    def constant_bytes(self) -> int:
        """Return the bytes of weights, packed, biases and, with a PReLU, the factors below zero (int32 both)."""
        rows = 2 if isinstance(self.requantise, HighMulPrelu) else 1
        return int(-(-self.weights.size * self.weight_bits // 8) + 4 * rows * self.bias.size)
