"""Functions of one value: before a QuantizeLinear each is a range or a table of bytes."""

from collections.abc import Callable

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.values import Affine, Pending, Target, Value
from microface.network.ops.tflite import Lookup

Function = Callable[[np.ndarray], np.ndarray]
"""Float32 to float32."""


def table_of(function: Function) -> Callable[[Conversion, Value], Pending]:
    """Return what makes a pending table of `function` for a value."""

    def pending(conversion: Conversion, given: Value) -> Pending:
        source = conversion.tensor(given)
        reals = Affine(source.scale, source.zero_point).reals()

        def finish(target: Target) -> Value:
            output = conversion.declare(target.name, source.shape, target.affine)
            table = np.clip(target.affine.integers(function(reals)), target.lo, target.hi).astype(np.int8)
            conversion.emit(Lookup(output.name, (source.name,), output.name, table))
            return Value(output.name, given.dims)

        return Pending(finish)

    return pending


@converts("Relu", "Clip")
def cut(conversion: Conversion, node: OnnxNode) -> Known:
    """Behind an operator it narrows what that writes."""
    low, high = (0.0, np.inf) if node.kind == "Relu" else _ends(conversion, node)
    given = conversion.known(node, 0)
    if isinstance(given, Pending):
        return given.cut(low, high)
    return table_of(lambda reals: reals)(conversion, conversion.value(node)).cut(low, high)


def _ends(conversion: Conversion, node: OnnxNode) -> tuple[float, float]:
    """Return the bounds of a Clip: attributes before opset 11, then inputs, plain or dequantised."""
    ends = [node.real("min", -np.inf), node.real("max", np.inf)]
    for place in (0, 1):
        if node.input(place + 1):
            found = conversion.known(node, place + 1)
            reals = found.reals() if hasattr(found, "reals") else conversion.array(node, place + 1)
            ends[place] = float(np.asarray(reals).reshape(-1)[0])
    if not ends[0] <= ends[1]:
        raise UserError(node.where, f"cuts to {ends[0]}..{ends[1]}", "export it again")
    return ends[0], ends[1]


_FUNCTIONS: dict[str, Callable[[OnnxNode], Function]] = {
    "Sigmoid": lambda _: lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": lambda _: np.tanh,
    "LeakyRelu": lambda node: lambda x: np.where(x >= 0, x, np.float32(node.real("alpha", 0.01)) * x),
    "HardSwish": lambda _: lambda x: x * np.clip(x / 6 + np.float32(0.5), 0, 1),
    "HardSigmoid": lambda node: lambda x: np.clip(node.real("alpha", 0.2) * x + node.real("beta", 0.5), 0, 1),
}


@converts(*_FUNCTIONS)
def function(conversion: Conversion, node: OnnxNode) -> Known:
    """A table of 256 bytes."""
    return table_of(_FUNCTIONS[node.kind](node))(conversion, conversion.value(node))


@converts("QLinearSigmoid", "QLinearLeakyRelu")
def integer_function(conversion: Conversion, node: OnnxNode) -> Known:
    """The same with its quantisation as inputs: X, its scale and zero point, that of Y."""
    given = conversion.viewed(conversion.value(node), conversion.quantisation(node, 1).single(node.where))
    pending = table_of(_FUNCTIONS[node.kind.removeprefix("QLinear")](node))(conversion, given)
    return pending.quantised(node.output, conversion.quantisation(node, 3).single(node.where))
