"""The float network as an ONNX file: the folded graph with 16-bit weights, which a Cast turns back to float32."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from microface import files
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
    Pool,
    Prelu,
    Sum,
    Weighted,
)

OPSET = 17
_IR_VERSION = 9
_LARGEST_HALF = 65504.0


def to_onnx(graph: FloatGraph) -> onnx.ModelProto:
    """Return `graph` as a model: `input` float32 [N, 3, H, W], (byte - 128) / 128, to `output` [N, D]."""
    nodes = [new for node in graph.nodes for new in _nodes(node)]
    nodes.append(helper.make_node("Flatten", [graph.output.name], ["output"], axis=1))
    weights = [part for node in graph.weighted() for part in _initializers(node)]
    weights += [numpy_helper.from_array(node.slopes[:, None, None], f"{node.name}_slopes") for node in graph.prelus()]
    source = helper.make_tensor_value_info(graph.INPUT, TensorProto.FLOAT, ["N", *graph.input_shape])
    result = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", graph.output.shape[0]])
    whole = helper.make_graph(nodes, graph.name, [source], [result], weights)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(whole, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="microface")
    onnx.checker.check_model(model)
    return model


def _initializers(node: Weighted) -> Iterator[TensorProto]:
    if float(np.abs(node.weights).max()) > _LARGEST_HALF:
        raise UserError(f"layer {node.name}", "has weights that 16 bits cannot hold", "train with more weight decay")
    yield numpy_helper.from_array(node.weights.astype(np.float16), f"{node.name}_weights16")
    yield numpy_helper.from_array(node.bias.astype(np.float32), f"{node.name}_bias")


def _nodes(node: Node) -> Iterator[onnx.NodeProto]:
    raw = f"{node.name}_raw" if node.activation else node.name
    match node:
        case Convolution() | Linear():
            yield helper.make_node("Cast", [f"{node.name}_weights16"], [f"{node.name}_weights"], to=TensorProto.FLOAT)
            yield from _weighted(node, raw)
        case Prelu():
            yield helper.make_node("PRelu", [*node.inputs, f"{node.name}_slopes"], [raw])
        case Sum():
            yield helper.make_node("Add", list(node.inputs), [raw])
        case GlobalMean():
            yield helper.make_node("GlobalAveragePool", list(node.inputs), [raw])
        case Maximum():
            yield helper.make_node("MaxPool", list(node.inputs), [raw], **_window(node))
        case Average():
            yield helper.make_node("AveragePool", list(node.inputs), [raw], **_window(node))
        case Join():
            yield helper.make_node("Concat", list(node.inputs), [raw], axis=1)
    if node.activation == "relu":
        yield helper.make_node("Relu", [raw], [node.name])
    elif node.activation == "relu6":
        yield from (_constant(f"{node.name}_{end:g}", end) for end in (0.0, 6.0))
        yield helper.make_node("Clip", [raw, f"{node.name}_0", f"{node.name}_6"], [node.name])


def _window(node: Pool) -> dict[str, list[int]]:
    above, below, left, right = node.padding
    return {"kernel_shape": [*node.size], "strides": [*node.stride], "pads": [above, left, below, right]}


def _constant(name: str, value: float) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.float32(value).reshape(())))


def _weighted(node: Weighted, raw: str) -> Iterator[onnx.NodeProto]:
    constants = [f"{node.name}_weights", f"{node.name}_bias"]
    if isinstance(node, Linear):
        yield helper.make_node("Flatten", [node.inputs[0]], [f"{node.name}_flat"], axis=1)
        yield helper.make_node("Gemm", [f"{node.name}_flat", *constants], [raw], transB=1)
        return
    assert isinstance(node, Convolution)
    pads = [*node.padding, *node.padding]
    yield helper.make_node(
        "Conv", [node.inputs[0], *constants], [raw], strides=node.stride, pads=pads, group=node.groups,
        kernel_shape=node.weights.shape[2:],
    )  # fmt: skip


def save_onnx(graph: FloatGraph, path: Path) -> None:
    """Write `graph` to `path`, wholly or not at all."""
    files.write_bytes(path, to_onnx(graph).SerializeToString())


class OnnxNetwork:
    """A model on onnxruntime."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        self._input = model.graph.input[0].name

    def embed(self, x: np.ndarray) -> np.ndarray:
        """Return the embeddings float32 [N, D] for inputs float32 [N, 3, H, W]."""
        return np.asarray(self._session.run(None, {self._input: x})[0])
