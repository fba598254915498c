"""Small float ONNX graphs, quantised by onnxruntime's own tools, and what onnxruntime computes with them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

ROWS = 12


@dataclass
class Graph:
    """A graph being written; values are channels first, with a batch of 1."""

    random: np.random.Generator
    dims: tuple[int, ...] = (3, ROWS, ROWS)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def constant(self, values: np.ndarray) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind: str, inputs: list[str], **attributes: object) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def weights(self, *shape: int) -> str:
        spread = self.random.uniform(0.3, 2, (shape[0],) + (1,) * (len(shape) - 1))
        return self.constant((self.random.normal(size=shape) * spread / np.sqrt(np.prod(shape[1:]))).astype(np.float32))

    def bias(self, size: int) -> str:
        return self.constant(self.random.normal(scale=0.3, size=size).astype(np.float32))

    def conv(self, x: str, channels: int, outputs: int, size: int = 3, group: int = 1, **attributes: object) -> str:
        given = {"pads": [size // 2] * 4, "group": group, "kernel_shape": [size, size]} | attributes
        kept = {name: value for name, value in given.items() if value is not None}
        return self.add("Conv", [x, self.weights(outputs, channels // group, size, size), self.bias(outputs)], **kept)

    def gemm(self, x: str, inputs: int, outputs: int) -> str:
        return self.add("Gemm", [x, self.weights(outputs, inputs), self.bias(outputs)], transB=1)

    def split(self, x: str, sizes: str) -> tuple[str, str]:
        """Append a Split into two along the channels."""
        names = f"part{len(self.nodes)}a", f"part{len(self.nodes)}b"
        self.nodes.append(helper.make_node("Split", [x, sizes], names, name=names[0], axis=1))
        return names

    def resize(self, x: str, times: int, **attributes: object) -> str:
        """Append a Resize of rows and columns."""
        scales = self.constant(np.array([1, 1, times, times], np.float32))
        return self.add("Resize", [x, "", scales], **attributes)

    def model(self, output: str) -> onnx.ModelProto:
        source = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, *self.dims])
        result = helper.make_empty_tensor_value_info(output)
        graph = helper.make_graph(self.nodes, "small", [source], [result], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        return onnx.shape_inference.infer_shapes(model)


def residual(graph: Graph) -> str:
    """Stem, inverted residual, a pooled branch joined, global mean, dense layer: most of what face networks use."""
    x = graph.add("Relu", [graph.conv("input", 3, 8, strides=[2, 2])])
    y = graph.add("Relu", [graph.conv(x, 8, 16, 1)])
    ends = [graph.constant(np.float32(end).reshape(())) for end in (0, 6)]
    y = graph.add("Clip", [graph.conv(y, 16, 16, group=16), *ends])
    x = graph.add("Add", [x, graph.conv(y, 16, 8, 1)])
    pooled = graph.add("MaxPool", [x], kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    mean = graph.add("AveragePool", [x], kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    x = graph.add("Concat", [pooled, mean], axis=1)
    x = graph.conv(x, 16, 8, group=2, dilations=[2, 2], pads=[2, 2, 2, 2])
    flat = graph.add("Flatten", [x])
    whole = graph.gemm(flat, 8 * 36, 10)
    short = graph.gemm(graph.add("Flatten", [graph.add("GlobalAveragePool", [x])]), 8, 10)
    return graph.add("Add", [whole, short])


def vector(graph: Graph) -> str:
    """A reshape, a product of matrices with a constant added, and a table."""
    x = graph.conv("input", 3, 4, auto_pad="SAME_UPPER", strides=[2, 2], pads=None)
    x = graph.add("Sigmoid", [x])
    x = graph.add("Reshape", [x, graph.constant(np.array([1, -1], np.int64))])
    x = graph.add("MatMul", [x, graph.constant(graph.random.normal(scale=0.1, size=(144, 8)).astype(np.float32))])
    return graph.add("Add", [x, graph.bias(8)])


def moves(graph: Graph) -> str:
    """Pads, transposes, joins of rows, products, differences, slopes, all-over pools."""
    x = graph.add("LeakyRelu", [graph.conv("input", 3, 4, pads=[0, 0, 0, 0])], alpha=0.2)
    sides = graph.constant(np.array([0, 0, 1, 0, 0, 0, 1, 2], np.int64))
    x = graph.add("Pad", [x, sides])
    y = graph.add("Transpose", [x], perm=[0, 1, 3, 2])
    x = graph.add("Concat", [x, graph.add("Transpose", [y], perm=[0, 1, 3, 2])], axis=2)
    gate = graph.add("Sigmoid", [graph.conv(graph.add("GlobalAveragePool", [x]), 4, 4, 1)])
    x = graph.add("Mul", [x, gate])
    x = graph.add("ReduceMean", [graph.conv(x, 4, 6, strides=[2, 1], group=2)], axes=[2, 3], keepdims=0)
    return graph.add("Reshape", [graph.gemm(x, 6, 8), graph.constant(np.array([0, 2, 4], np.int64))])


def parts(graph: Graph) -> str:
    """Splits, slices, resizes, slopes by channel, means over channels, padding with a value, a softmax."""
    x = graph.conv("input", 3, 8)
    slopes = graph.constant(graph.random.uniform(-0.2, 0.5, (8, 1, 1)).astype(np.float32))
    x = graph.add("PRelu", [x, slopes])
    sizes = graph.constant(np.array([3, 5], np.int64))
    few, many = graph.split(x, sizes)
    few = graph.resize(few, 2, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    many = graph.resize(many, 2, mode="linear", coordinate_transformation_mode="half_pixel")
    x = graph.add("Concat", [few, many], axis=1)
    bounds = [graph.constant(np.array(each, np.int64)) for each in ([21, 2], [1, 2**31], [2, 3], [-4, 3])]
    x = graph.add("Slice", [x, *bounds])
    value = graph.constant(np.float32(0.25).reshape(()))
    x = graph.add("Pad", [x, graph.constant(np.array([0, 1, 1, 0, 0, 0, 2, 1], np.int64)), value])
    light = graph.add("ReduceMean", [graph.conv(x, 9, 4, 1)], axes=[1], keepdims=1)
    x = graph.add("Mul", [graph.conv(x, 9, 4, 1), light])
    x = graph.gemm(graph.add("Flatten", [graph.add("GlobalAveragePool", [x])]), 4, 6)
    return graph.add("Softmax", [x], axis=-1)


MAKERS = {"residual": residual, "vector": vector, "moves": moves, "parts": parts}


class _Noise(CalibrationDataReader):
    def __init__(self, seed: int, dims: tuple[int, ...]) -> None:
        self._inputs: Iterator[np.ndarray] = iter(noise(seed, 8, dims))

    def get_next(self) -> dict[str, np.ndarray] | None:
        x = next(self._inputs, None)
        return None if x is None else {"input": x[None]}


def noise(seed: int, count: int, dims: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *dims)).astype(np.float32)


def quantised(
    graph: Graph,
    output: str,
    folder: Path,
    form: QuantFormat,
    per_channel: bool,
    activations: QuantType,
    reduce: bool = False,
) -> Path:
    """Return the file that onnxruntime's static quantisation makes."""
    before, after = folder / "float.onnx", folder / "quantised.onnx"
    onnx.save(graph.model(output), before)
    quantize_static(
        before, after, _Noise(7, graph.dims), quant_format=form, per_channel=per_channel, activation_type=activations,
        weight_type=QuantType.QInt8, reduce_range=reduce,
    )  # fmt: skip
    return after
