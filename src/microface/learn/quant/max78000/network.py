"""A fitted graph as a module: trained with the accelerator's rounding, and the same to the bit for whole data sets."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from microface.learn.quant.execute import execute
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.max78000.fit import Fitted
from microface.learn.quant.max78000.rounding import Arithmetic
from microface.network import IntegerNetwork


class RoundedNetwork(nn.Module):
    """Maps [N, C, H, W] of whole 1/128 to the real values [N, D] of what the accelerator gives.

    Only the nodes in `rounding` are rounded: all of them unless a schedule says otherwise. `factors` is empty: steps
    stay the powers of two that they are. Layers without biases stay so.
    """

    def __init__(self, fitted: Fitted) -> None:
        super().__init__()
        self.fitted, self.graph = fitted, fitted.graph
        self.arithmetic = Arithmetic(fitted.graph, fitted.wide)
        self.rounding = {node.name for node in fitted.graph.nodes}
        nodes = list(fitted.graph.weighted())
        self.weights = nn.ParameterDict({node.name: torch.tensor(node.weights) for node in nodes})
        self.biases = nn.ParameterDict({node.name: torch.tensor(node.bias) for node in nodes})
        for node in nodes:
            self.biases[node.name].requires_grad_(bool(np.any(node.bias)))
        self.factors = nn.ParameterDict()

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs for `x`."""
        return execute(self.graph, x, self.rounded(), self._value)

    def rounded(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Return weights and biases by node, rounded where the node is."""
        pairs = {name: (weights, self.biases[name]) for name, weights in self.weights.items()}
        rounds = self.arithmetic.parameters
        return {name: rounds(name, *pair) if name in self.rounding else pair for name, pair in pairs.items()}

    def _value(self, name: str, value: Tensor) -> Tensor:
        return self.arithmetic.round(name, value) if name in self.rounding else value

    def result(self) -> Fitted:
        """Return the trained graph, ready for `lower`."""
        arrays = {name: (_array(weights), _array(self.biases[name])) for name, weights in self.weights.items()}
        return replace(self.fitted, graph=self.graph.with_weights(arrays))


def _array(parameter: Tensor) -> np.ndarray:
    return parameter.detach().cpu().numpy().astype(np.float32)


def simulate(fitted: Fitted, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return every value's integers [N, H, W, C] for inputs `x` int8 [N, H, W, C]; the output's int32 where wide.

    In double precision, in which all sums are exact.
    """
    network, found = RoundedNetwork(fitted).double(), dict[str, np.ndarray]()
    units = {node.name: float(node.steps[0]) / 128 for node in fitted.graph.weighted() if node.steps is not None}

    def keep(name: str, value: Tensor) -> Tensor:
        rounded = network.arithmetic.round(name, value)
        wide = fitted.wide and name == fitted.graph.output.name
        integers = (rounded / (units[name] if wide else 1 / 128)).round()
        found[name] = integers.to(torch.int32 if wide else torch.int8).permute(0, 2, 3, 1).numpy()
        return rounded

    with torch.inference_mode():
        inputs = torch.from_numpy(x).permute(0, 3, 1, 2).double() / 128
        execute(fitted.graph, inputs, network.rounded(), keep)
    return found


def differences(network: IntegerNetwork, fitted: Fitted, x: np.ndarray) -> dict[str, int]:
    """Return for each value of `network` how many integers `simulate` gives otherwise (none: an empty result)."""
    expected = simulate(fitted, x)
    counts = {name: int((expected[name] != value).sum()) for name, value in network.run_all(x).items()}
    return {name: count for name, count in counts.items() if count}


def bits_of(graph: FloatGraph) -> dict[str, int]:
    """Return the bits of the weights of each layer."""
    return {node.name: node.bits for node in graph.weighted()}
