"""Operators that read nothing but constants become constants; each constant stands before its first reader."""

from collections.abc import Iterator, Sequence

from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.tflite import Constant


def with_folded_constants(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` without operators whose outputs no input changes, and without constants that nobody reads."""
    known: dict[str, Constant] = {}
    rest: list[Operator] = []
    for op in network.operators:
        if isinstance(op, Constant):
            known[op.output] = op
        elif all(name in known for name in op.inputs):
            known[op.output] = _computed(op, known, network)
        else:
            rest.append(op)
    if not known:
        return network
    operators = tuple(_in_order(rest, known, network.outputs))
    names = (*network.inputs, *(op.output for op in operators))
    tensors = {name: network.tensors[name] for name in names}
    return IntegerNetwork(network.name, tensors, operators, network.inputs, network.outputs)


def _computed(op: Operator, known: dict[str, Constant], network: IntegerNetwork) -> Constant:
    result = op.run([known[name].values[None] for name in op.inputs], network.inputs_of(op))
    return Constant(op.name, (), op.output, result[0].astype(network.tensors[op.output].numpy_dtype))


def _in_order(operators: Sequence[Operator], known: dict[str, Constant], outputs: Sequence[str]) -> Iterator[Operator]:
    waiting = dict(known)
    for op in operators:
        yield from (waiting.pop(name) for name in dict.fromkeys(op.inputs) if name in waiting)
        yield op
    yield from (waiting.pop(name) for name in outputs if name in waiting)
