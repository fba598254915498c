"""Our integer networks as TFLite files."""

from collections.abc import Mapping

from microface.network.convert.factors import for_processors
from microface.network.convert.tflite import (  # noqa: F401 (importing them registers their exporters)
    export_arithmetic,
    export_moves,
    export_pools,
    export_unary,
    export_weights,
)
from microface.network.convert.tflite.apart import prelus_apart
from microface.network.convert.tflite.export import Export, exports
from microface.network.convert.tflite.write import OutModel, model_bytes
from microface.network.network import IntegerNetwork


def tflite_bytes(network: IntegerNetwork, notes: Mapping[str, str] | None = None) -> bytes:
    """Return `network` as a TFLite file with `notes` as its metadata; equal networks give equal bytes.

    What TFLite has no form for is a `UserError` that names the operator and what would help.
    """
    network = prelus_apart(for_processors(network))
    export = Export(network)
    inputs = [export.number(name) for name in network.inputs]
    exports.write(export, network.operators)
    outputs = [export.number(name) for name in network.outputs]
    metadata = {name: text.encode() for name, text in (notes or {}).items()}
    return model_bytes(OutModel(export.tensors, export.operators, inputs, outputs, network.name, metadata))
