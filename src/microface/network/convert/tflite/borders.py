"""Where a network begins and ends: QUANTIZE behind a float input and DEQUANTIZE before a float output vanish."""

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion
from microface.network.network import IntegerNetwork


def begin(conversion: Conversion) -> None:
    """Declare the inputs; float ones wait for the QUANTIZE behind them."""
    model = conversion.model
    if not model.operators or not model.inputs or not model.outputs:
        raise UserError(model.path, "holds no operators, inputs or outputs", "convert it again")
    for index in model.inputs:
        given = model.tensors[index]
        if given.dtype == "float32":
            continue
        conversion.declare(given, "input")


def end(conversion: Conversion) -> IntegerNetwork:
    """Return the network from the declared inputs to the outputs."""
    model = conversion.model
    inputs = tuple(conversion.names[index] for index in _inputs(conversion))
    for index in model.outputs:
        if index not in conversion.names and model.tensors[index].data is not None:
            conversion.constant(model.tensors[index], "output")
    missing = [model.tensors[index].where for index in model.outputs if index not in conversion.names]
    if missing:
        raise UserError(model.path, f"never computes its output {missing[0]}", "convert it again")
    if not conversion.operators:
        raise UserError(model.path, "computes nothing", "convert a network with operators")
    outputs = tuple(dict.fromkeys(conversion.names[index] for index in model.outputs))
    return IntegerNetwork(model.path.stem, conversion.tensors, tuple(conversion.operators), inputs, outputs)


def _inputs(conversion: Conversion) -> list[int]:
    model = conversion.model
    unread = [model.tensors[i].where for i in model.inputs if i not in conversion.names]
    if unread:
        raise UserError(f"{model.path}: {unread[0]}", "is a float input", "quantise the model to int8")
    return list(model.inputs)
