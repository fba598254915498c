"""The float network as a list of nodes with folded batch norms: where calibration, lowering and ONNX start."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

Rounding = Literal["once", "tflite"]
"""How the integer network rounds: once, as our own kernels do, or as TFLite's reference kernels do."""

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
class Weighted(Node):
    """A node with weights float32 [O, ...] and bias float32 [O].

    `bits` (8 or 4) is what a weight takes on the chip; `steps` float64 [O] is the real value of one integer step per
    output channel, None until they are chosen.
    """

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    bits: int = field(default=8, kw_only=True)
    steps: np.ndarray | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class Convolution(Weighted):
    """Weights [O, I / groups, KH, KW]; groups are 1 or the number of channels."""

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1

    @property
    def depthwise(self) -> bool:
        """Whether every channel is filtered by itself."""
        return self.groups > 1


@dataclass(frozen=True, eq=False)
class Linear(Weighted):
    """Weights [O, I], over the input flattened in C, H, W order."""


@dataclass(frozen=True, eq=False)
class Pool(Node):
    """A window of `size` that moves by `stride`; `padding` is that of `network.ops`: above, below, left, right."""

    size: tuple[int, int] = (2, 2)
    stride: tuple[int, int] = (2, 2)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class Maximum(Pool):
    """The largest value of each window; padding never wins."""


@dataclass(frozen=True, eq=False)
class Average(Pool):
    """The mean of each window's real pixels."""


@dataclass(frozen=True, eq=False)
class Join(Node):
    """The inputs one after another along the channels."""


@dataclass(frozen=True, eq=False)
class Prelu(Node):
    """Values below 0 times the slope of their channel, float32 [C]."""

    slopes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True, eq=False)
class Sum(Node):
    """The sum of two inputs of one shape."""


@dataclass(frozen=True, eq=False)
class GlobalMean(Node):
    """The mean over rows and columns."""


@dataclass(frozen=True)
class FloatGraph:
    """Nodes in the order in which they run; the last one is the output. `rounding` is that of its integer network."""

    name: str
    input_shape: Shape
    nodes: tuple[Node, ...]
    rounding: Rounding = "once"

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

    def weighted(self) -> Iterator[Weighted]:
        """Yield the nodes that have weights."""
        yield from (node for node in self.nodes if isinstance(node, Weighted))

    def prelus(self) -> Iterator[Prelu]:
        """Yield the nodes that have slopes."""
        yield from (node for node in self.nodes if isinstance(node, Prelu))

    def fused(self) -> dict[str, Prelu]:
        """Return the PReLUs that a layer's requantisation takes in, by the layer's name: the layer has no other reader.

        Between the two nothing is rounded, so the layer's own value has no integers. TFLite rounds there.
        """
        if self.rounding == "tflite":
            return {}
        readers = {name: self.readers(name) for name in self._linear()}
        return {name: reads[0] for name, reads in readers.items() if len(reads) == 1 and isinstance(reads[0], Prelu)}

    def _linear(self) -> list[str]:
        return [node.name for node in self.weighted() if not node.activation and node is not self.output]

    def readers(self, name: str) -> list[Node]:
        """Return the nodes that read the value `name`."""
        return [node for node in self.nodes if name in node.inputs]

    def changed(self, nodes: Mapping[str, Node]) -> "FloatGraph":
        """Return a copy with the nodes in `nodes`, by name, in the place of those of the same names."""
        return replace(self, nodes=tuple(nodes.get(node.name, node) for node in self.nodes))

    def with_weights(self, values: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> "FloatGraph":
        """Return a copy whose nodes have the (weights, bias) in `values` by name."""
        nodes = {node.name: node for node in self.weighted()}
        return self.changed({n: replace(nodes[n], weights=w, bias=b) for n, (w, b) in values.items()})

    def with_bits(self, bits: Mapping[str, int]) -> "FloatGraph":
        """Return a copy whose nodes in `bits` have weights of so many bits, their steps not yet chosen."""
        return self.changed(
            {n.name: replace(n, bits=bits[n.name], steps=None) for n in self.weighted() if n.name in bits}
        )

    def spent(self) -> dict[str, list[str]]:
        """Return for every node the values that it reads and no later node does."""
        last = {name: node.name for node in self.nodes for name in node.inputs}
        return {node.name: [name for name in last if last[name] == node.name] for node in self.nodes}

    def groups(self) -> dict[str, str]:
        """Return for every value that is rounded the first one that it shares its quantisation with, by names.

        A maximum and a PReLU of its own keep that of their input, and so does an average in TFLite; all that is joined
        has one.
        """
        keeping = (Maximum, Prelu, Join, Average) if self.rounding == "tflite" else (Maximum, Prelu, Join)
        fused = self.fused()
        first = {name: name for name in (self.INPUT, *(node.name for node in self.nodes)) if name not in fused}
        for node in self.nodes:
            if isinstance(node, keeping) and node.inputs[0] not in fused:
                members = {first[name] for name in (*node.inputs, node.name)}
                chosen = next(name for name in first if name in members)
                first = {name: chosen if owner in members else owner for name, owner in first.items()}
        return first
