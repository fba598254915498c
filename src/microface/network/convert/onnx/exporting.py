"""Our integer networks as ONNX files in the QDQ form."""

from collections.abc import Mapping

import onnx
from onnx import TensorProto, helper

from microface.network.convert.factors import for_processors
from microface.network.convert.onnx import (  # noqa: F401 (importing them registers their exporters)
    export_arithmetic,
    export_moves,
    export_unary,
    export_weights,
)
from microface.network.convert.onnx.export import Export, exports
from microface.network.network import IntegerNetwork
from microface.network.tensors import Tensor

_OPSET = 17
_IR_VERSION = 9


def onnx_bytes(network: IntegerNetwork, notes: Mapping[str, str] | None = None) -> bytes:
    """Return `network` as an ONNX file with `notes` as its metadata; equal networks give equal bytes."""
    network = for_processors(network)
    export, (source, result) = Export(network), (network.input, network.output)
    export.quantise(source, "input")
    exports.write(export, network.operators)
    vector = result.shape[:2] == (1, 1)
    export.add("Identity", [export.real(result.name, vector)], "output")
    model = _model(export, [1, *_first(source)], [1, result.shape[2]] if vector else [1, *_first(result)])
    helper.set_model_props(model, dict(notes or {}))
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def with_notes(data: bytes, notes: Mapping[str, str]) -> bytes:
    """Return the ONNX file `data` with `notes` as its metadata."""
    model = onnx.load_from_string(data)
    helper.set_model_props(model, dict(notes))
    return model.SerializeToString(deterministic=True)


def _first(tensor: Tensor) -> list[int]:
    """Return the sizes with the channels first."""
    rows, columns, channels = tensor.shape
    return [channels, rows, columns]


def _model(export: Export, source: list[int], result: list[int]) -> onnx.ModelProto:
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)
        for name, sizes in (("input", source), ("output", result))
    ]
    graph = helper.make_graph(
        export.nodes, export.network.name or "network", ends[:1], ends[1:], list(export.constants.values())
    )
    opset = helper.make_opsetid("", _OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="microface")
