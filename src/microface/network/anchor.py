"""The network that figures are measured on: MobileNetV2 0.5, 96 x 96 x 3, 128 values, with weights from a seed.

Geometry operator by operator as in the published measurements of other toolchains (17,769,280 multiply-accumulates);
instructions and memory of an integer network do not depend on its weights.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from microface.network.network import IntegerNetwork
from microface.network.ops import Add, Conv2D, Dense, DepthwiseConv2D, Mean, Operator, same_padding
from microface.network.requantise import HighMul
from microface.network.tensors import Shape, Tensor

SEED = 20_250_101
MACS = 17_769_280
_SPREAD = 40.0
"""Mean distance of an output from its zero point that the drawn weights aim at."""
_SCALE = 1 / 16

# expansion, output channels, blocks, stride of the first block
_STAGES = ((1, 8, 1, 1), (6, 16, 2, 2), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1))


@dataclass
class RandomBuilder:
    """Draws weights for one operator after the other, with scales that keep its sample's values spread out."""

    input_shape: Shape
    seed: int
    tensors: dict[str, Tensor] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.tensors["input"] = Tensor("input", self.input_shape, "s8", 1 / 128)
        self.values = {"input": self.random.integers(-128, 128, (1, *self.input_shape)).astype(np.int8)}

    def conv(self, name: str, source: str, outputs: int, kernel: int = 1, stride: int = 1, relu: bool = True) -> str:
        """Append a convolution with SAME padding; return its output's name."""
        height, width, channels = self.tensors[source].shape
        padding = same_padding((height, width), (kernel, kernel), (stride, stride))
        weights = self._weights(outputs, kernel, kernel, channels)
        rule = self._unit_rule(outputs)
        op = Conv2D(name, (source,), name, weights, self._bias(outputs), rule, (stride, stride), padding)
        return self._append_weighted(op, relu)

    def depthwise(self, name: str, source: str, stride: int = 1, kernel: int = 3, relu: bool = True) -> str:
        """Append a depthwise convolution with SAME padding; return its output's name."""
        height, width, channels = self.tensors[source].shape
        padding = same_padding((height, width), (kernel, kernel), (stride, stride))
        weights, rule = self._weights(kernel, kernel, channels), self._unit_rule(channels)
        op = DepthwiseConv2D(name, (source,), name, weights, self._bias(channels), rule, (stride, stride), padding)
        return self._append_weighted(op, relu)

    def dense(self, name: str, source: str, outputs: int) -> str:
        """Append a fully connected operator; return its output's name."""
        weights = self._weights(outputs, self.tensors[source].elements)
        op = Dense(name, (source,), name, weights, self._bias(outputs), self._unit_rule(outputs))
        return self._append_weighted(op, relu=False)

    def add(self, name: str, a: str, b: str) -> str:
        """Append an ADD whose scale holds both inputs; return its output's name."""
        output = Tensor(name, self.tensors[a].shape, "s8", 1.5 * _SCALE, int(self.random.integers(-20, 21)))
        return self.append(Add.between(name, self.tensors[a], self.tensors[b], output), output)

    def mean(self, name: str, source: str) -> str:
        """Append a mean over all pixels; return its output's name."""
        output = Tensor(name, (1, 1, self.tensors[source].shape[2]), "s8", _SCALE, int(self.random.integers(-20, 21)))
        return self.append(Mean.between(name, self.tensors[source], output), output)

    def append(self, operator: Operator, output: Tensor) -> str:
        """Append any operator with its output's tensor; return the output's name."""
        sources = [self.tensors[name] for name in operator.inputs]
        result = operator.run([self.values[name] for name in operator.inputs], sources)
        self.values[output.name] = result.astype(output.numpy_dtype)
        self.tensors[output.name] = output
        self.operators.append(operator)
        return output.name

    def build(self, name: str) -> IntegerNetwork:
        """Return the network, whose output is the last operator's."""
        return IntegerNetwork(name, self.tensors, tuple(self.operators), ("input",), (self.operators[-1].output,))

    def _weights(self, *shape: int) -> np.ndarray:
        return self.random.integers(-127, 128, shape).astype(np.int8)

    def _bias(self, outputs: int) -> np.ndarray:
        return self.random.integers(-2000, 2001, outputs).astype(np.int32)

    def _unit_rule(self, outputs: int) -> HighMul:
        """Return a rule that keeps most of a sum, so that `_append_weighted` can look at it before it sets scales."""
        return HighMul.from_scales(np.full(outputs, 2.0**-10), 0, -(2**31), 2**31 - 1)

    def _append_weighted(self, draft: Conv2D | DepthwiseConv2D | Dense, relu: bool) -> str:
        """Append `draft` with scales such that its sample's outputs lie about `_SPREAD` from the zero point."""
        source = self.tensors[draft.inputs[0]]
        sums = draft.run([self.values[source.name]], [source])
        mean_size = np.maximum(np.abs(sums).sum(axis=(0, 1, 2)) / (sums.size // sums.shape[3]), 1.0)
        zero_point = -128 if relu else int(self.random.integers(-20, 21))
        rule = HighMul.from_scales(_SPREAD / mean_size * 2.0**-10, zero_point)
        output = Tensor(draft.output, draft.shape(source.shape), "s8", _SCALE, zero_point)
        return self.append(replace(draft, requantise=rule), output)


def anchor_network(seed: int = SEED) -> IntegerNetwork:
    """Return MobileNetV2 0.5 (96 x 96 x 3 to 128 values) with int8 weights drawn from `seed`."""
    builder = RandomBuilder((96, 96, 3), seed)
    x = builder.conv("stem", "input", 16, kernel=3, stride=2)
    block = 0
    for expansion, outputs, blocks, first in _STAGES:
        for stride in (first, *[1] * (blocks - 1)):
            x = _inverted_residual(builder, x, f"block{block}", expansion, outputs, stride)
            block += 1
    x = builder.conv("last", x, 1280)
    builder.dense("embedding", builder.mean("mean", x), 128)
    return builder.build("mobilenet_v2_0.5_96")


def _inverted_residual(
    builder: RandomBuilder, source: str, name: str, expansion: int, outputs: int, stride: int
) -> str:
    channels = builder.tensors[source].shape[2]
    x = source if expansion == 1 else builder.conv(f"{name}_expand", source, channels * expansion)
    x = builder.depthwise(f"{name}_depthwise", x, stride)
    x = builder.conv(f"{name}_project", x, outputs, relu=False)
    return builder.add(f"{name}_add", source, x) if stride == 1 and channels == outputs else x
