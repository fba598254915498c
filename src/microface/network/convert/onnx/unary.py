"""Functions of one value: before a QuantizeLinear each is a range or a table of bytes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.functions import FUNCTIONS, Function
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.values import Affine, Finish, Pending, Target, Value
from microface.network.ops.tflite import Lookup


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


def cut_after(conversion: Conversion, finish: Finish) -> Pending:
    """Return what waits for its quantisation, of an operator that cannot cut: a table does it behind."""

    def cutting(target: Target) -> Value:
        if (target.lo, target.hi) == (-128, 127):
            return finish(target)
        whole = finish(Target(f"{target.name}_uncut", target.affine))
        return table_of(lambda reals: reals)(conversion, whole).finish(target)

    return Pending(cutting)


@converts("Relu", "Clip")
def cut(conversion: Conversion, node: OnnxNode) -> Known:
    """Behind an operator it narrows what that writes."""
    low, high = (0.0, np.inf) if node.kind == "Relu" else _ends(conversion, node)
    given = conversion.known(node, 0)
    if isinstance(given, Pending):
        return given.cut(low, high)
    value = conversion.value(node)
    source = conversion.tensor(value)
    whole = table_of(lambda reals: reals)(conversion, value).cut(low, high)
    return replace(whole, grid=Affine(source.scale, source.zero_point))


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


@converts(*FUNCTIONS)
def function(conversion: Conversion, node: OnnxNode) -> Known:
    """A table of 256 bytes."""
    return table_of(FUNCTIONS[node.kind](_numbers(node)))(conversion, conversion.value(node))


@converts("QLinearSigmoid", "QLinearLeakyRelu")
def integer_function(conversion: Conversion, node: OnnxNode) -> Known:
    """The same with its quantisation as inputs: X, its scale and zero point, that of Y."""
    given = conversion.viewed(conversion.value(node), conversion.quantisation(node, 1).single(node.where))
    pending = table_of(FUNCTIONS[node.kind.removeprefix("QLinear")](_numbers(node)))(conversion, given)
    return pending.quantised(node.output, conversion.quantisation(node, 3).single(node.where))


def _numbers(node: OnnxNode) -> dict[str, float]:
    """Return the attributes of `node` that functions have."""
    return {name: node.real(name, 0) for name in ("alpha", "beta") if name in node.attributes}
