"""DEPTHWISE_CONV_2D of bytes whose weights need 9 bits: those of uint8 files, less their zero point."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microface.errors import UserError
from microface.network.ops.depthwise import PerChannel
from microface.network.tensors import Tensor


@dataclass(frozen=True, eq=False)
class WideDepthwise(PerChannel):
    """Weights int16 [KH, KW, C] (`weight_bits` is 16), bias int32 [C]. Padding holds the input's zero point."""

    kind: ClassVar[str] = "tflite_wide_depthwise"

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require int16 weights on bytes; prove that no accumulator overflows."""
        if self.weights.dtype != np.int16 or self.weight_bits != 16 or {inputs[0].dtype, output.dtype} != {"s8"}:
            raise UserError(f"operator {self.name}", "is no layer of 16-bit weights on bytes", "convert it again")
        self.requantise.check(self.name, self.bound(inputs[0]))
