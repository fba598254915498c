"""Multiply-accumulates and parameters of a float network in an ONNX file, for the teacher's row."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import onnx

from microface.errors import UserError

_CONSTANTS = ("DequantizeLinear", "Identity", "Cast")


def onnx_cost(path: Path) -> tuple[int, int]:
    """Return (multiply-accumulates, parameters) of one inference: convolutions and dense layers with their biases.

    Slopes of PReLU and scales count as parameters; quantisation's own numbers do not.
    """
    try:
        model = onnx.shape_inference.infer_shapes(onnx.load(path))
    except Exception as error:  # onnx raises many kinds, all of them mean the same to a user
        raise UserError(path, "is not an ONNX network", "give an .onnx file") from error
    shapes = {name: tuple(array.dims) for array in model.graph.initializer for name in [array.name]}
    _follow(model.graph, shapes)
    outputs = {value.name: _shape(value) for value in (*model.graph.value_info, *model.graph.output)}
    macs = sum(_macs(model.graph, shapes, outputs))
    return macs, sum(math.prod(shape) for shape in _used(model.graph, shapes).values())


def _follow(graph: onnx.GraphProto, shapes: dict[str, tuple[int, ...]]) -> None:
    """Let constants that pass through a dequantisation keep their shapes."""
    for node in graph.node:
        if node.op_type == "Constant":
            tensor = next((each.t for each in node.attribute if each.name == "value"), None)
            shapes |= {node.output[0]: tuple(tensor.dims)} if tensor is not None else {}
        elif node.op_type in _CONSTANTS and node.input[0] in shapes:
            shapes[node.output[0]] = shapes[node.input[0]]


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(each.dim_value or 1 for each in value.type.tensor_type.shape.dim)


def _macs(
    graph: onnx.GraphProto, shapes: Mapping[str, tuple[int, ...]], outputs: Mapping[str, tuple[int, ...]]
) -> Iterator[int]:
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in shapes:
            yield math.prod(outputs.get(node.output[0], (0,))[2:]) * math.prod(shapes[node.input[1]])
        elif node.op_type in ("Gemm", "MatMul") and node.input[1] in shapes:
            yield math.prod(shapes[node.input[1]])


def _used(graph: onnx.GraphProto, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return the constants that layers with weights and activations with slopes read, each once."""
    layers = [node for node in graph.node if node.op_type in ("Conv", "Gemm", "MatMul", "PRelu", "BatchNormalization")]
    return {name: shapes[name] for node in layers for name in node.input[1:] if name in shapes}
