"""Tables of bytes, another scale, and Softmax.

A table goes out as the function that onnxruntime computes to the very same table; any other as Cast, Add and Gather.
"""

from typing import cast

import numpy as np
from onnx import TensorProto

from microface.network.convert.onnx.export import Export, exports
from microface.network.convert.onnx.functions import FUNCTIONS, Attributes, slopes_of
from microface.network.convert.onnx.values import Affine
from microface.network.ops import Operator
from microface.network.ops.tflite import Lookup, TfliteSoftmax

_SAME = 1e-4
"""A factor of a softmax that is 1, but for the rounding of its exponentials."""


@exports("lookup")
def lookup(export: Export, op: Operator) -> None:
    """The first function whose table is that of `op`."""
    table, vector = cast(Lookup, op).table, op.inputs[0] in export.vectors
    found = _function(export, op, table)
    if found is None:
        _gather(export, op, table, vector)
        return
    kind, attributes = found
    export.write(op, export.add(kind, [export.real(op.inputs[0], vector)], f"{op.output}_value", **attributes), vector)


def _function(export: Export, op: Operator, table: np.ndarray) -> tuple[str, Attributes] | None:
    given, result = (Affine(tensor.scale, tensor.zero_point) for tensor in export.ends(op))
    tried: list[tuple[str, Attributes]] = [("Identity", {}), *((kind, {}) for kind in FUNCTIONS)]
    tried += [("LeakyRelu", {"alpha": slope}) for slope in slopes_of(table, given, result)]
    for kind, attributes in tried:
        reals = given.reals() if kind == "Identity" else FUNCTIONS[kind](attributes)(given.reals())
        if np.array_equal(result.integers(reals), table):
            return kind, attributes
    return None


def _gather(export: Export, op: Operator, table: np.ndarray, vector: bool) -> None:
    """Integers to places in the table: x + 128."""
    place = export.add("Cast", [export.integer(op.inputs[0], vector)], f"{op.output}_wide", to=TensorProto.INT32)
    offset = export.constant(f"{op.output}_offset", np.array(128, np.int32))
    place = export.add("Add", [place, offset], f"{op.output}_place")
    values = export.constant(f"{op.output}_table", table)
    export.written(op.output, export.add("Gather", [values, place], f"{op.output}_quantized", axis=0), vector)


@exports("rescale")
def rescale(export: Export, op: Operator) -> None:
    """QuantizeLinear with the other scale."""
    vector = op.inputs[0] in export.vectors
    export.write(op, export.add("Identity", [export.real(op.inputs[0], vector)], f"{op.output}_same"), vector)


@exports("tflite_softmax")
def softmax(export: Export, op: Operator) -> None:
    """Softmax over the channels of the input times what the table of exponentials says."""
    table, (source, _) = cast(TfliteSoftmax, op).table, export.ends(op)
    last = int(np.flatnonzero(table > 1e-30)[-1])
    factor = -np.log(float(table[last])) / (last * source.scale) if last else 1.0
    vector = op.inputs[0] in export.vectors
    given = export.real(op.inputs[0], vector)
    if abs(factor - 1) > _SAME:
        # the same integers read with another scale: a factor without an operator
        _, point = export.affine(source)
        scale = export.constant(f"{op.output}_scale_in", np.array(source.scale * factor, np.float32))
        given = export.add(
            "DequantizeLinear", [export.integer(op.inputs[0], vector), scale, point], f"{op.output}_scaled"
        )
    export.write(op, export.add("Softmax", [given], f"{op.output}_shares", axis=1), vector)
