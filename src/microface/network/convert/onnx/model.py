"""An ONNX file as nodes, constants and named inputs, read without trust. Format: https://onnx.ai/onnx/repo-docs/IR.html"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes

_MEND = "copy or export it again"
_DTYPES = {TensorProto.FLOAT: "float32", TensorProto.UINT8: "uint8", TensorProto.INT8: "int8"}


@dataclass(frozen=True)
class OnnxNode:
    """One node; `where` is its place for errors. Absent optional inputs are empty names."""

    number: int
    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    @property
    def where(self) -> str:
        """The node's place in its file."""
        return f"node {self.number} {self.kind}" + (f" ({self.name})" if self.name else "")

    def input(self, number: int) -> str:
        """Return the name of input `number`, empty where it is absent."""
        return self.inputs[number] if number < len(self.inputs) else ""

    @property
    def output(self) -> str:
        """The name of the first output."""
        return self.outputs[0]

    def integers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return the attribute `name`, a list of integers."""
        return tuple(int(value) for value in self.attributes.get(name, default))

    def integer(self, name: str, default: int) -> int:
        """Return the attribute `name`, an integer."""
        return int(self.attributes.get(name, default))

    def real(self, name: str, default: float) -> float:
        """Return the attribute `name`, a number."""
        return float(self.attributes.get(name, default))


@dataclass(frozen=True)
class OnnxInput:
    """An input with its type and its sizes without the batch, channels first."""

    name: str
    dtype: str
    dims: tuple[int, ...]


@dataclass(frozen=True)
class OnnxModel:
    """A file; constants are its initialisers, by name."""

    path: Path
    nodes: tuple[OnnxNode, ...]
    constants: Mapping[str, np.ndarray]
    inputs: tuple[OnnxInput, ...]
    outputs: tuple[str, ...]


def read_model(path: Path) -> OnnxModel:
    """Return the model in the file at `path`."""
    return parse_model(read_bytes(path), path)


def is_float(model: OnnxModel) -> bool:
    """Say whether a model computes in floating point: no node quantises an activation."""
    return not any(node.kind == "QuantizeLinear" or node.kind.startswith("Q") for node in model.nodes)


def parse_model(data: bytes, path: Path) -> OnnxModel:
    """Return the model whose bytes are `data`; `path` names it. A damaged file is a `DamagedFileError`."""
    try:
        graph = onnx.load_from_string(data).graph
    except Exception as error:  # protobuf's decoding errors share no public base class across its releases
        raise DamagedFileError(path, "is no ONNX file, or damaged", _MEND) from error
    if not graph.node or not graph.output:
        raise DamagedFileError(path, "holds no nodes or outputs", _MEND)
    constants = {plain(each.name): _array(each, path) for each in graph.initializer}
    inputs = tuple(_input(each, path) for each in graph.input if plain(each.name) not in constants)
    nodes = tuple(_node(number, each, path) for number, each in enumerate(graph.node))
    return OnnxModel(path, nodes, constants, inputs, tuple(plain(each.name) for each in graph.output))


def plain(name: str | bytes) -> str:
    """Return a name of the file without anything that breaks a line; protobuf gives bytes where it is no UTF-8."""
    if isinstance(name, bytes):
        name = name.decode(errors="backslashreplace")
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in name)


def _array(tensor: TensorProto, path: Path) -> np.ndarray:
    if tensor.data_location == TensorProto.EXTERNAL:
        mend = "save the model as one file (save_as_external_data=False)"
        raise UserError(f"{path}: {plain(tensor.name)}", "lies in another file", mend)
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # wrong sizes and types show up as any of five kinds of error
        raise DamagedFileError(path, f"is damaged (constant {plain(tensor.name)})", _MEND) from error


def _node(number: int, node: onnx.NodeProto, path: Path) -> OnnxNode:
    if not node.output:
        raise DamagedFileError(path, f"is damaged (node {number} has no output)", _MEND)
    try:
        attributes = {each.name: _attribute(each, path) for each in node.attribute}
    except (ValueError, TypeError) as error:
        raise DamagedFileError(path, f"is damaged (node {number})", _MEND) from error
    named = tuple(map(plain, node.input)), tuple(map(plain, node.output))
    return OnnxNode(number, plain(node.op_type), plain(node.name), *named, attributes)


def _attribute(attribute: onnx.AttributeProto, path: Path) -> Any:
    value = helper.get_attribute_value(attribute)
    return _array(value, path) if isinstance(value, TensorProto) else value


def _input(value: onnx.ValueInfoProto, path: Path) -> OnnxInput:
    """Return an input; the batch may have any name, all other sizes are fixed."""
    name, kind = plain(value.name), value.type.tensor_type
    where = f"{path}: input {name}"
    sizes = [each.dim_value for each in kind.shape.dim]
    if kind.elem_type not in _DTYPES:
        raise UserError(where, "is neither float32 nor uint8 nor int8", "export it with one of these")
    if len(sizes) < 2 or min(sizes[1:]) < 1:
        raise UserError(where, f"has shape {sizes}", "export it with fixed sizes, batch first")
    if sizes[0] not in (0, 1):
        raise UserError(where, f"has a batch of {sizes[0]}", "export it with a batch of 1")
    return OnnxInput(name, _DTYPES[kind.elem_type], tuple(sizes[1:]))
