"""Operands of an element-wise layer lie interleaved; one that others read too is copied by a layer in between."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from microface.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.max78000 import AcceleratorLayer, Passthrough


def with_copies(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` with a copying layer for each element-wise operand that is read elsewhere or is an input."""
    tensors, operators = dict(network.tensors), list[Operator]()
    for operator in network.operators:
        copies = dict(_copies(network, operator))
        for copy in copies.values():
            tensors[copy.output] = replace(network.tensors[copy.inputs[0]], name=copy.output)
        operators += [*copies.values(), _reading(operator, copies)]
    return IntegerNetwork(network.name, tensors, tuple(operators), network.inputs, network.outputs)


def _copies(network: IntegerNetwork, operator: Operator) -> Iterator[tuple[int, Passthrough]]:
    """Yield position and copy of each operand of `operator` that cannot lie between the others as it is."""
    if not isinstance(operator, AcceleratorLayer) or operator.eltwise == "none":
        return
    for position, name in enumerate(operator.inputs):
        reads = sum(each.inputs.count(name) for each in network.operators)
        if reads > 1 or name in network.inputs or name in network.outputs:
            again = f"_{position}" * (operator.inputs.index(name) != position)
            layer, copy = f"{operator.name}_copy_{name}{again}", f"{name}_for_{operator.name}{again}"
            yield position, Passthrough(layer, (name,), copy)


def _reading(operator: Operator, copies: Mapping[int, Passthrough]) -> Operator:
    """Return `operator` with the copies as its inputs."""
    names = enumerate(operator.inputs)
    return replace(operator, inputs=tuple(copies[i].output if i in copies else name for i, name in names))
