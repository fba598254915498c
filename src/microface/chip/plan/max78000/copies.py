"""Operands of an element-wise layer lie interleaved; one that others read too is copied by a layer in between."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from microface.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.max78000 import AcceleratorLayer, Passthrough


def with_copies(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` with a copying layer for each element-wise operand that is read elsewhere or is an input."""
    tensors, operators = dict(network.tensors), list[Operator]()
    for operator in network.operators:
        copies = list(_copies(network, operator))
        tensors |= {copy.output: replace(network.tensors[copy.inputs[0]], name=copy.output) for copy in copies}
        operators += [*copies, _reading(operator, copies)]
    return IntegerNetwork(network.name, tensors, tuple(operators), network.inputs, network.outputs)


def _copies(network: IntegerNetwork, operator: Operator) -> Iterator[Passthrough]:
    if not isinstance(operator, AcceleratorLayer) or operator.eltwise == "none":
        return
    for name in dict.fromkeys(operator.inputs):
        readers = [each for each in network.operators if name in each.inputs]
        if len(readers) > 1 or name in network.inputs or name in network.outputs:
            yield Passthrough(f"{operator.name}_copy_{name}", (name,), f"{name}_for_{operator.name}")


def _reading(operator: Operator, copies: Sequence[Passthrough]) -> Operator:
    """Return `operator` with the copies as its inputs."""
    names = {copy.inputs[0]: copy.output for copy in copies}
    return replace(operator, inputs=tuple(names.get(name, name) for name in operator.inputs))
