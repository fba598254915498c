"""From an ONNX file to an integer network: every node by the converter that is registered for its kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from microface.errors import UserError
from microface.network.convert.constants import with_folded_constants
from microface.network.convert.onnx import borders, nodes
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxModel, OnnxNode, parse_model, read_model
from microface.network.convert.onnx.values import Value
from microface.network.network import IntegerNetwork

nodes.load()


@dataclass(frozen=True)
class Imported:
    """A network with the name that each 8-bit activation of the file has in it, where its order of values is kept."""

    network: IntegerNetwork
    values: Mapping[str, Value]


def import_onnx(path: Path) -> Imported:
    """Return the integer network in the ONNX file at `path`."""
    return convert(read_model(path))


def import_bytes(data: bytes, path: Path) -> Imported:
    """Return the integer network in the ONNX file whose bytes are `data`; `path` names it."""
    return convert(parse_model(data, path))


def convert(model: OnnxModel) -> Imported:
    """Return the integer network of `model`; what is not supported is named with its place."""
    conversion = Conversion(model, dict(model.constants))
    borders.begin(conversion)
    for node in model.nodes:
        conversion.values |= zip(node.outputs, _convert_one(conversion, node), strict=False)
    network = with_folded_constants(borders.end(conversion))
    kept = {name: value for name, value in conversion.values.items() if isinstance(value, Value)}
    return Imported(network, {name: value for name, value in kept.items() if value.tensor in network.tensors})


def _convert_one(conversion: Conversion, node: OnnxNode) -> list[Known]:
    path = conversion.model.path
    if again := [name for name in node.outputs if name in conversion.values]:
        raise UserError(f"{path}: {node.where}", f"writes {again[0]} a second time", "export it again")
    found = converts.read(node.kind, conversion, node, path)
    return found if isinstance(found, list) else [found]
