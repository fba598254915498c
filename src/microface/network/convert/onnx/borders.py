"""Where a network begins and ends."""

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, shape_of
from microface.network.convert.onnx.model import OnnxInput
from microface.network.convert.onnx.values import SHIFT, FloatInput, Value
from microface.network.network import IntegerNetwork

_FIRST = (
    "DequantizeLinear", "QLinearConv", "QGemm", "QLinearMatMul", "QLinearAveragePool", "QLinearGlobalAveragePool",
    "QLinearReduceMean", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax",
)  # fmt: skip
_READERS = {kind: {0: 1} for kind in _FIRST} | {kind: {0: 1, 3: 4} for kind in ("QLinearAdd", "QLinearMul")}
"""Which inputs of a node are integers, and where their scales stand."""


def begin(conversion: Conversion) -> None:
    """Declare the inputs; float ones wait for the QuantizeLinear behind them."""
    for given in conversion.model.inputs:
        if given.name in conversion.values:
            raise UserError(conversion.model.path, f"names the input {given.name} twice", "export it again")
        if given.dtype in SHIFT:
            conversion.values[given.name] = _integers(conversion, given)
        else:
            conversion.values[given.name] = FloatInput(given.name, given.dims)


def _integers(conversion: Conversion, given: OnnxInput) -> Value:
    """Declare an input of integers, whose scale the first reader says."""
    where = f"{conversion.model.path}: input {given.name}"
    for node in conversion.model.nodes:
        for number, first in _READERS.get(node.kind, {}).items():
            if node.input(number) == given.name:
                affine = conversion.quantisation(node, first, given.dtype).single(where)
                tensor = conversion.declare(given.name, shape_of(given.dims), affine)
                conversion.inputs.append(tensor.name)
                return Value(tensor.name, given.dims)
    raise UserError(where, "is read by no node that says its scale", "begin with DequantizeLinear")


def end(conversion: Conversion) -> IntegerNetwork:
    """Return the network from the declared inputs to the outputs."""
    model = conversion.model
    if len(conversion.inputs) != len(model.inputs):
        raise UserError(model.path, "has a float input without QuantizeLinear", "quantise the whole model")
    outputs = tuple(dict.fromkeys(_output(conversion, name) for name in model.outputs))
    return IntegerNetwork(
        model.path.stem, conversion.tensors, tuple(conversion.operators), tuple(conversion.inputs), outputs
    )


def _output(conversion: Conversion, name: str) -> str:
    value = conversion.values.get(name)
    if not isinstance(value, Value):
        reason = "is a float result" if value is not None else "is never computed"
        raise UserError(f"{conversion.model.path}: output {name}", reason, "quantise the outputs too")
    if len(value.dims) == 3:
        return conversion.image(value, f"output {name}").name
    return conversion.flat(value).name
