"""A float ONNX file as a `FloatGraph`: batch norms folded, activations fused, for our own calibration."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from microface.errors import UserError
from microface.learn.quant.graph import (
    Average,
    Convolution,
    FloatGraph,
    GlobalMean,
    Join,
    Linear,
    Maximum,
    Node,
    Prelu,
    Shape,
    Sum,
    Weighted,
)
from microface.network.convert.onnx.model import OnnxModel, OnnxNode, read_model
from microface.network.convert.onnx.windows import kernel_of, window_of
from microface.network.ops.window import Pair, Window

_TRAIN = "use plain or depthwise layers, relu, relu6 or prelu"


def read_graph(path: Path) -> FloatGraph:
    """Return the graph of the float network in the file at `path`; what no integer operator stands for is named."""
    model = read_model(path)
    if len(model.inputs) != 1 or len(model.outputs) != 1 or len(model.inputs[0].dims) != 3:
        raise UserError(path, "has not one input of channels, rows, columns and one output", "export it so")
    reader = _Reader(model, dict(model.constants))
    for node in model.nodes:
        try:
            _convert(reader, node)
        except (ValueError, TypeError, IndexError) as error:
            raise UserError(f"{path}: {node.where}", f"does not hold together ({error})", "export it again") from error
    graph = FloatGraph(path.stem, reader.input_shape, tuple(reader.nodes.values()))
    if not graph.nodes or reader.names.get(model.outputs[0]) != graph.output.name or graph.output.shape[1:] != (1, 1):
        raise UserError(path, "does not end in one vector", "export the embedding as its only output")
    return graph


@dataclass
class _Reader:
    """The graph so far: `names` says which of its values a name of the file is."""

    model: OnnxModel
    constants: dict[str, np.ndarray]
    names: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names[self.model.inputs[0].name] = FloatGraph.INPUT

    @property
    def input_shape(self) -> Shape:
        """Channels, rows and columns of the input."""
        channels, rows, columns = self.model.inputs[0].dims
        return channels, rows, columns

    def odd(self, node: OnnxNode, reason: str, mend: str = _TRAIN) -> UserError:
        """Return the error that says what is wrong with `node`."""
        return UserError(f"{self.model.path}: {node.where}", reason, mend)

    def source(self, node: OnnxNode, number: int = 0) -> str:
        """Return which value input `number` of `node` is."""
        if node.input(number) not in self.names:
            raise self.odd(node, f"reads {node.input(number) or 'nothing'} before it is computed", "export it again")
        return self.names[node.input(number)]

    def constant(self, node: OnnxNode, number: int) -> np.ndarray:
        """Return input `number` of `node`, a constant."""
        if node.input(number) not in self.constants:
            raise self.odd(node, f"computes {node.input(number) or 'nothing'}", "export it with constants folded")
        return self.constants[node.input(number)]

    def shape_of(self, name: str) -> Shape:
        """Return the shape of a value."""
        return self.input_shape if name == FloatGraph.INPUT else self.nodes[name].shape

    def name(self, node: OnnxNode) -> str:
        """Return a name for what `node` computes."""
        short = re.sub(r"[^\w]", "_", node.output)[-60:] or "value"
        while short in self.nodes or short == FloatGraph.INPUT:
            short += "_"
        return short

    def append(self, node: OnnxNode, made: Node) -> None:
        """Append what `node` computes."""
        self.nodes[made.name] = made
        self.names[node.output] = made.name

    def change(self, node: OnnxNode, change: Callable[[Node], Node]) -> None:
        """Change the node that computes the input of `node`, which must be its only reader."""
        name = self.source(node)
        if name == FloatGraph.INPUT:
            raise self.odd(node, "stands before any layer", "put it behind a layer")
        if sum(node.input(0) in other.inputs for other in self.model.nodes) > 1:
            raise self.odd(node, f"shares {node.input(0)} with another layer", "let it follow its layer alone")
        if self.nodes[name].activation:
            raise self.odd(node, "follows an activation", "put it before")
        self.nodes[name] = change(self.nodes[name])
        self.names[node.output] = name


_Converter = Callable[[_Reader, OnnxNode], None]


def _convert(reader: _Reader, node: OnnxNode) -> None:
    if node.kind not in _CONVERTERS:
        raise reader.odd(node, "is not supported", f"microface calibrates {', '.join(sorted(_CONVERTERS))}")
    _CONVERTERS[node.kind](reader, node)


def _conv(reader: _Reader, node: OnnxNode) -> None:
    source, weights = reader.source(node), np.array(reader.constant(node, 1), np.float32)
    channels, rows, columns = reader.shape_of(source)
    if weights.ndim != 4:
        raise reader.odd(node, f"has weights of shape {list(weights.shape)}")
    groups, window = node.integer("group", 1), _window(reader, node, source, (weights.shape[2], weights.shape[3]))
    above, below, left, right = window.padding
    if groups not in (1, len(weights)) or weights.shape[1] * groups != channels:
        raise reader.odd(node, f"has {groups} groups")
    if (above, left) != (below, right):
        raise reader.odd(node, f"pads by {window.padding}", "pad alike on opposite sides")
    shape = (len(weights), *window.output(node.where, (rows, columns, channels)))
    bias = _bias(reader, node, len(weights))
    made = Convolution(reader.name(node), (source,), shape, "", weights, bias, window.stride, (above, left), groups)
    reader.append(node, made)


def _window(reader: _Reader, node: OnnxNode, source: str, size: Pair) -> Window:
    channels, rows, columns = reader.shape_of(source)
    window = window_of(node, (rows, columns, channels), size)
    if window.dilation != (1, 1):
        raise reader.odd(node, "has a dilation")
    return window


def _bias(reader: _Reader, node: OnnxNode, outputs: int) -> np.ndarray:
    given = reader.constant(node, 2) if node.input(2) else np.zeros(1)
    return np.array(np.broadcast_to(given.reshape(-1), outputs), np.float32)


def _linear(reader: _Reader, node: OnnxNode) -> None:
    source, weights = reader.source(node), np.array(reader.constant(node, 1), np.float32)
    if (node.real("alpha", 1), node.real("beta", 1), node.integer("transA", 0)) != (1, 1, 0):
        raise reader.odd(node, "scales or turns its operands", "use alpha = beta = 1 and transA = 0")
    rows = np.ascontiguousarray(weights if node.integer("transB", 0) else weights.T)
    if rows.ndim != 2 or rows.shape[1] != int(np.prod(reader.shape_of(source))):
        raise reader.odd(node, f"multiplies by {list(weights.shape)}", "multiply a flattened vector by a matrix")
    made = Linear(reader.name(node), (source,), (len(rows), 1, 1), weights=rows, bias=_bias(reader, node, len(rows)))
    reader.append(node, made)


def _norm(reader: _Reader, node: OnnxNode) -> None:
    """weights * g / sqrt(v + eps), (bias - mean) * g / sqrt(v + eps) + b."""
    gain, shift, mean, variance = (reader.constant(node, number).astype(np.float64) for number in range(1, 5))
    factor = gain / np.sqrt(variance + node.real("epsilon", 1e-5))

    def fold(before: Node) -> Node:
        if not isinstance(before, Weighted):
            raise reader.odd(node, "follows no layer with weights", "put it behind a convolution or dense layer")
        weights = before.weights * factor.reshape(-1, *[1] * (before.weights.ndim - 1))
        bias = (before.bias - mean) * factor + shift
        return replace(before, weights=weights.astype(np.float32), bias=bias.astype(np.float32))

    reader.change(node, fold)


def _activation(reader: _Reader, node: OnnxNode) -> None:
    ends = [node.real("min", -np.inf), node.real("max", np.inf)]
    for place in (0, 1):
        if node.input(place + 1):
            ends[place] = float(reader.constant(node, place + 1).reshape(-1)[0])
    kinds = {(0.0, np.inf): "relu", (0.0, 6.0): "relu6"}
    name = "relu" if node.kind == "Relu" else kinds.get((ends[0], ends[1]))
    if name is None:
        raise reader.odd(node, f"cuts to {ends[0]}..{ends[1]}")
    reader.change(node, lambda before: replace(before, activation=name))


def _prelu(reader: _Reader, node: OnnxNode) -> None:
    """A slope for each channel, or one for all."""
    source, slopes = reader.source(node), reader.constant(node, 1).astype(np.float32)
    shape = reader.shape_of(source)
    if slopes.size not in (1, shape[0]):
        raise reader.odd(node, f"has slopes of shape {list(slopes.shape)}", "use one for each channel")
    whole = np.array(np.broadcast_to(slopes.reshape(-1), shape[0]))
    reader.append(node, Prelu(reader.name(node), (source,), shape, slopes=whole))


def _add(reader: _Reader, node: OnnxNode) -> None:
    """The sum of two values; a constant behind a layer is its bias."""
    known = [number for number in (0, 1) if node.input(number) in reader.constants]
    if known:
        given = reader.constant(node, known[0]).reshape(-1)
        turned = replace(node, inputs=node.inputs if known == [1] else node.inputs[::-1])

        def biased(before: Node) -> Node:
            if not isinstance(before, Weighted) or given.size not in (1, len(before.bias)):
                raise reader.odd(node, "adds a constant to no layer with weights", "let it be a layer's bias")
            return replace(before, bias=(before.bias + given).astype(np.float32))

        reader.change(turned, biased)
        return
    sources = reader.source(node, 0), reader.source(node, 1)
    if reader.shape_of(sources[0]) != reader.shape_of(sources[1]):
        raise reader.odd(node, "adds unlike shapes", "give both the same sizes")
    reader.append(node, Sum(reader.name(node), sources, reader.shape_of(sources[0])))


def _mean(reader: _Reader, node: OnnxNode) -> None:
    source = reader.source(node)
    if node.kind == "ReduceMean":
        axes = reader.constant(node, 1).reshape(-1) if node.input(1) else node.integers("axes", ())
        if {int(axis) % 4 for axis in axes} != {2, 3}:
            raise reader.odd(node, "averages over other axes than rows and columns", "average rows and columns")
    reader.append(node, GlobalMean(reader.name(node), (source,), (reader.shape_of(source)[0], 1, 1)))


def _pool(reader: _Reader, node: OnnxNode) -> None:
    source = reader.source(node)
    channels, rows, columns = reader.shape_of(source)
    window = _window(reader, node, source, kernel_of(node))
    if node.kind == "AveragePool" and node.integer("count_include_pad", 0) and any(window.padding):
        raise reader.odd(node, "averages padding, too", "set count_include_pad=False")
    shape = (channels, *window.output(node.where, (rows, columns, channels)))
    kind = Maximum if node.kind == "MaxPool" else Average
    made = kind(reader.name(node), (source,), shape, "", window.size, window.stride, window.padding)
    reader.append(node, made)


def _join(reader: _Reader, node: OnnxNode) -> None:
    sources = tuple(reader.source(node, number) for number in range(len(node.inputs)))
    shapes = [reader.shape_of(source) for source in sources]
    if node.integer("axis", 1) not in (1, -3) or any(shape[1:] != shapes[0][1:] for shape in shapes):
        raise reader.odd(node, "does not join along the channels", "join channels")
    shape = (sum(each[0] for each in shapes), *shapes[0][1:])
    reader.append(node, Join(reader.name(node), sources, shape))


def _same(reader: _Reader, node: OnnxNode) -> None:
    """Nothing happens: a vector is the flattened image, in the same order."""
    if node.input(0) in reader.constants:
        reader.constants[node.output] = reader.constants[node.input(0)]
        return
    source = reader.source(node)
    if node.kind == "Reshape":
        sizes = [int(size) for size in reader.constant(node, 1).reshape(-1)]
        if len(sizes) != 2 and sizes[2:] != [1, 1] and tuple(sizes[1:]) != reader.shape_of(source):
            raise reader.odd(node, f"makes {sizes}", "reshape to a vector only")
    reader.names[node.output] = source


def _constant(reader: _Reader, node: OnnxNode) -> None:
    given = node.attributes.get("value", node.attributes.get("value_float"))
    if given is None:
        raise reader.odd(node, "holds no numbers", "export it again")
    reader.constants[node.output] = np.asarray(given)


def _dequantise(reader: _Reader, node: OnnxNode) -> None:
    """Weights kept as integers are the real ones that they stand for."""
    integers, scales = reader.constant(node, 0), reader.constant(node, 1).astype(np.float32)
    points = reader.constant(node, 2) if node.input(2) else np.zeros(1)
    shape = [1] * integers.ndim
    if scales.size > 1:
        shape[node.integer("axis", 1)] = -1
    scales, points = (part.reshape(shape if part.size > 1 else ()) for part in (scales, points.astype(np.float32)))
    reader.constants[node.output] = (integers.astype(np.float32) - points) * scales


_CONVERTERS: dict[str, _Converter] = {
    "Conv": _conv,
    **dict.fromkeys(("Gemm", "MatMul"), _linear),
    "BatchNormalization": _norm,
    **dict.fromkeys(("Relu", "Clip"), _activation),
    "PRelu": _prelu,
    "Add": _add,
    **dict.fromkeys(("GlobalAveragePool", "ReduceMean"), _mean),
    **dict.fromkeys(("MaxPool", "AveragePool"), _pool),
    "Concat": _join,
    **dict.fromkeys(("Flatten", "Reshape", "Squeeze", "Identity", "Dropout", "Cast"), _same),
    "Constant": _constant,
    "DequantizeLinear": _dequantise,
}
