"""What the accelerator's planner sees of a network: one record of numbers per hardware layer, no weights."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from microface.chip.targets import Target
from microface.errors import UserError
from microface.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.max78000 import AcceleratorConv, AcceleratorLayer
from microface.network.ops.window import Pair
from microface.network.tensors import Shape

PROCESSORS = 64
BYTES_PER_WORD = 4
WIDE_BYTES = 4


def passes(channels: int) -> int:
    """Return how many rounds of 64 processors `channels` take."""
    return math.ceil(channels / PROCESSORS)


def processors_for(channels: int) -> int:
    """Return how many processors hold `channels`: all at once up to 64, else per round, a multiple of 4."""
    rounds = passes(channels)
    per_round = math.ceil(channels / rounds)
    return channels if rounds == 1 else math.ceil(per_round / 4) * 4


@dataclass(frozen=True, kw_only=True)
class HardwareLayer:
    """One layer: shapes (H, W, C) of `source`, `pooled` and `result`, names of tensors, and what is done.

    `operation` is conv2d, conv1d, convtranspose2d, linear or passthrough; `wide` means 32-bit outputs.
    """

    name: str
    inputs: tuple[str, ...]
    output: str
    operation: str
    source: Shape
    pooled: Shape
    result: Shape
    kernel: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    pool: str = "none"
    pool_size: Pair = (1, 1)
    pool_stride: Pair = (1, 1)
    eltwise: str = "none"
    pool_first: bool = True
    bits: int = 8
    output_shift: int = 0
    biased: bool = False
    activation: str = "none"
    wide: bool = False

    @property
    def convolves(self) -> bool:
        """Whether the layer has weights."""
        return self.operation != "passthrough"

    @property
    def flatten(self) -> bool:
        """Whether a linear layer reads more than one pixel."""
        return self.operation == "linear" and self.pooled[0] * self.pooled[1] > 1

    @property
    def sequence(self) -> bool:
        """Whether the data is one-dimensional, (L, 1, C)."""
        return self.operation == "conv1d" or (self.source[1] == 1 and self.source[0] > 1)

    @property
    def taps(self) -> int:
        """Weights of one pair of input and output channel."""
        return math.prod(self.kernel)

    @property
    def pool_area(self) -> int:
        """Pixels that one pool reads; 1 without pool."""
        return 1 if self.pool == "none" else math.prod(self.pool_size)

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.taps * self.source[2] * self.result[2] if self.convolves else 0


@dataclass(frozen=True)
class Workload:
    """The layers of the network `name` in order; `inputs` and `output` are names of tensors."""

    name: str
    layers: tuple[HardwareLayer, ...]
    inputs: tuple[str, ...]
    output: str

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Shape (H, W, C) of every tensor."""
        read = {name: layer.source for layer in self.layers for name in layer.inputs}
        return read | {layer.output: layer.result for layer in self.layers}

    @cached_property
    def written(self) -> Mapping[str, int]:
        """Index of the layer that writes each tensor; -1 for inputs."""
        return dict.fromkeys(self.inputs, -1) | {layer.output: i for i, layer in enumerate(self.layers)}

    @cached_property
    def last_read(self) -> Mapping[str, int]:
        """Index of the layer that reads each tensor last; the network's output lives to the end."""
        last = {name: i for i, layer in enumerate(self.layers) for name in layer.inputs}
        return last | {self.output: len(self.layers)}

    def readers(self, tensor: str) -> list[HardwareLayer]:
        """Return the layers that read `tensor`."""
        return [layer for layer in self.layers if tensor in layer.inputs]

    @classmethod
    def of(cls, network: IntegerNetwork) -> "Workload":
        """Return what the planner needs of `network`; a `UserError` where an operator is not of this chip."""
        layers = tuple(_layer(operator, network) for operator in network.operators)
        return cls(network.name, layers, network.inputs, network.output.name)


def is_for_accelerator(network: IntegerNetwork) -> bool:
    """Tell whether every operator of `network` is a hardware layer."""
    return all(isinstance(operator, AcceleratorLayer) for operator in network.operators)


def runs_accelerated(network: IntegerNetwork, target: Target) -> bool:
    """Tell whether `target` has an accelerator that `network` is made for."""
    return bool(target.accelerator) and is_for_accelerator(network)


def _layer(operator: Operator, network: IntegerNetwork) -> HardwareLayer:
    if not isinstance(operator, AcceleratorLayer):
        mend = "lower it for this chip (power-of-two shifts, pools before convolutions)"
        raise UserError(f"operator {operator.name}", f"is a {operator.kind}, no layer of the MAX78000's hardware", mend)
    shapes = [tensor.shape for tensor in network.inputs_of(operator)]
    common: dict[str, Any] = {
        "name": operator.name,
        "inputs": operator.inputs,
        "output": operator.output,
        "source": shapes[0],
        "pooled": operator.pooled(*shapes),
        "result": network.tensors[operator.output].shape,
        "pool": operator.pool,
        "pool_size": operator.pool_size,
        "pool_stride": operator.pool_stride,
        "eltwise": operator.eltwise,
        "pool_first": operator.pool_first,
    }
    if not isinstance(operator, AcceleratorConv):
        return HardwareLayer(operation="passthrough", **common)
    return HardwareLayer(
        operation=operator.operation,
        kernel=(operator.weights.shape[1], operator.weights.shape[2]),
        padding=operator.padding,
        dilation=operator.dilation,
        bits=operator.weight_bits,
        output_shift=operator.output_shift,
        biased=bool(np.any(operator.bias)),
        activation=operator.activation,
        wide=operator.wide,
        **common,
    )
