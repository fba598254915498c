"""The float network as a list of nodes with folded batch norms: where calibration, lowering and ONNX start."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

Shape = tuple[int, int, int]
"""Channels, rows, columns, as torch has them; (C, 1, 1) for a vector."""


@dataclass(frozen=True, eq=False)
class Node:
    """One step: its name is also that of its output; `inputs` name earlier nodes or the graph's input.

    `activation` is "" or "relu" or "relu6" and comes last; `shape` is the output's.
    """

    name: str
    inputs: tuple[str, ...]
    shape: Shape
    activation: str = ""


@dataclass(frozen=True, eq=False)
class Convolution(Node):
    """Weights float32 [O, I / groups, KH, KW], bias float32 [O]; groups are 1 or the number of channels."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1

    @property
    def depthwise(self) -> bool:
        """Whether every channel is filtered by itself."""
        return self.groups > 1


@dataclass(frozen=True, eq=False)
class Linear(Node):
    """Weights float32 [O, I], bias float32 [O], over the input flattened in C, H, W order."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True, eq=False)
class Sum(Node):
    """The sum of two inputs of one shape."""


@dataclass(frozen=True, eq=False)
class GlobalMean(Node):
    """The mean over rows and columns."""


@dataclass(frozen=True)
class FloatGraph:
    """Nodes in the order in which they run; the last one is the output."""

    name: str
    input_shape: Shape
    nodes: tuple[Node, ...]

    INPUT = "input"

    @property
    def output(self) -> Node:
        """The node that computes the embedding."""
        return self.nodes[-1]

    def shape_of(self, name: str) -> Shape:
        """Return the shape of the value `name`."""
        return self.input_shape if name == self.INPUT else self.node(name).shape

    def node(self, name: str) -> Node:
        """Return the node `name`."""
        return next(node for node in self.nodes if node.name == name)

    def weighted(self) -> Iterator[Convolution | Linear]:
        """Yield the nodes that have weights."""
        yield from (node for node in self.nodes if isinstance(node, Convolution | Linear))

    def with_weights(self, values: dict[str, tuple[np.ndarray, np.ndarray]]) -> "FloatGraph":
        """Return a copy whose nodes have the (weights, bias) in `values` by name."""
        changed = [_changed(node, values) for node in self.nodes]
        return replace(self, nodes=tuple(changed))


def _changed(node: Node, values: dict[str, tuple[np.ndarray, np.ndarray]]) -> Node:
    if not isinstance(node, Convolution | Linear) or node.name not in values:
        return node
    weights, bias = values[node.name]
    return replace(node, weights=weights, bias=bias)
