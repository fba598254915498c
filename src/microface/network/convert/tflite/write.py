"""TFLite files from plain records: tensors, operators, inputs and outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from microface.network.convert.tflite.build import Node, Scalar, Value, Vector, flatbuffer
from microface.network.convert.tflite.schema import CODES, IDENTIFIER, NEWER_CODES, TYPES, VERSION

_TYPE_CODES = {name: code for code, name in TYPES.items()}
_OPTION_TYPES = {
    "CONV_2D": 1, "DEPTHWISE_CONV_2D": 2, "AVERAGE_POOL_2D": 5, "MAX_POOL_2D": 5, "FULLY_CONNECTED": 8, "SOFTMAX": 9,
    "CONCATENATION": 10, "ADD": 11, "RESIZE_BILINEAR": 15, "RESHAPE": 17, "MUL": 21, "PAD": 22, "GATHER": 23,
    "TRANSPOSE": 26, "MEAN": 27, "SUB": 28, "SQUEEZE": 30, "STRIDED_SLICE": 32, "SPLIT": 35, "CAST": 37,
    "DEQUANTIZE": 38, "PADV2": 43, "SLICE": 48, "EXPAND_DIMS": 52, "RESIZE_NEAREST_NEIGHBOR": 74, "LEAKY_RELU": 75,
    "SPLIT_V": 79, "QUANTIZE": 89, "HARD_SWISH": 91,
}  # fmt: skip
"""The number of each operator's options in the schema's union; others have none."""

Options = Mapping[int, Value]


@dataclass(frozen=True)
class OutTensor:
    """A tensor to write; `data` is None for what is computed, `scales` is empty where it is not quantised."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: Sequence[float] = ()
    zero_points: Sequence[int] = ()
    axis: int = 0
    data: np.ndarray | None = None


@dataclass(frozen=True)
class OutOperator:
    """An operator to write; `options` by their number in the schema."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class OutModel:
    """A file to write."""

    tensors: Sequence[OutTensor]
    operators: Sequence[OutOperator]
    inputs: Sequence[int]
    outputs: Sequence[int]
    description: str = "microface"
    metadata: Mapping[str, bytes] = field(default_factory=dict)


def model_bytes(model: OutModel) -> bytes:
    """Return the file's bytes; equal models give equal bytes."""
    names = sorted({operator.name for operator in model.operators}, key=CODES.__getitem__)
    constants = [tensor.data for tensor in model.tensors if tensor.data is not None]
    buffers = [Node({}), *(_buffer(_raw(data)) for data in constants)]
    texts = [_buffer(np.frombuffer(text, np.uint8)) for text in model.metadata.values()]
    entries = [Node({0: name, 1: Scalar("I", len(buffers) + number)}) for number, name in enumerate(model.metadata)]
    fields: dict[int, Value] = {
        0: Scalar("I", VERSION),
        1: [_code(name) for name in names],
        2: [_graph(model, names)],
        3: model.description,
        4: [*buffers, *texts],
    }
    return flatbuffer(Node(fields | ({6: entries} if entries else {})), IDENTIFIER)


def _raw(data: np.ndarray) -> np.ndarray:
    return np.frombuffer(np.ascontiguousarray(data, data.dtype.newbyteorder("<")).tobytes(), np.uint8)


def _buffer(raw: np.ndarray) -> Node:
    return Node({0: Vector(raw, 16)} if len(raw) else {})


def _code(name: str) -> Node:
    code = CODES[name]
    fields: dict[int, Value] = {0: Scalar("b", min(code, NEWER_CODES)), 2: Scalar("i", 1), 3: Scalar("i", code)}
    return Node(fields)


def _graph(model: OutModel, names: list[str]) -> Node:
    buffers = iter(range(1, len(model.tensors) + 1))
    tensors = [_tensor(each, next(buffers) if each.data is not None else 0) for each in model.tensors]
    fields: dict[int, Value] = {
        0: tensors,
        1: Vector(np.array(model.inputs, np.int32)),
        2: Vector(np.array(model.outputs, np.int32)),
        3: [_operator(each, names) for each in model.operators],
        4: "main",
    }
    return Node(fields)


def _tensor(tensor: OutTensor, buffer: int) -> Node:
    fields: dict[int, Value] = {
        0: Vector(np.array(tensor.shape, np.int32)),
        1: Scalar("b", _TYPE_CODES[tensor.dtype]),
        2: Scalar("I", buffer),
        3: tensor.name,
    }
    if len(tensor.scales):
        quantisation: dict[int, Value] = {
            2: Vector(np.array(tensor.scales, np.float32)),
            3: Vector(np.array(tensor.zero_points, np.int64)),
            6: Scalar("i", tensor.axis),
        }
        fields[4] = Node(quantisation)
    return Node(fields)


def _operator(operator: OutOperator, names: list[str]) -> Node:
    fields: dict[int, Value] = {
        0: Scalar("I", names.index(operator.name)),
        1: Vector(np.array(operator.inputs, np.int32)),
        2: Vector(np.array(operator.outputs, np.int32)),
    }
    if operator.name in _OPTION_TYPES:
        fields[3] = Scalar("B", _OPTION_TYPES[operator.name])
        fields[4] = Node(operator.options)
    return Node(fields)
