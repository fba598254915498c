"""PAD before a convolution without padding of its own becomes that convolution's padding."""

from dataclasses import replace

from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, DepthwiseConv2D, Operator
from microface.network.ops.tflite import Fill


def fold_padding(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` with paddings by the zero point taken over by the one convolution that reads them."""
    operators = list(network.operators)
    for op in network.operators:
        reader = _only_reader(network, op)
        if isinstance(op, Fill) and isinstance(reader, Conv2D | DepthwiseConv2D) and _folds(op, reader, network):
            padding = (op.before[0], op.after[0], op.before[1], op.after[1])
            operators[operators.index(reader)] = replace(reader, inputs=op.inputs, padding=padding)
            operators.remove(op)
    kept = {op.output for op in operators} | set(network.inputs)
    tensors = {name: tensor for name, tensor in network.tensors.items() if name in kept}
    return IntegerNetwork(network.name, tensors, tuple(operators), network.inputs, network.outputs)


def _only_reader(network: IntegerNetwork, op: Operator) -> Operator | None:
    readers = [each for each in network.operators if op.output in each.inputs]
    return readers[0] if len(readers) == 1 and op.output not in network.outputs else None


def _folds(op: Fill, reader: Conv2D | DepthwiseConv2D, network: IntegerNetwork) -> bool:
    source, wide = network.tensors[op.inputs[0]], network.tensors[op.output]
    plain = (op.before[2], op.after[2]) == (0, 0) and op.value == source.zero_point
    alike = (source.scale, source.zero_point) == (wide.scale, wide.zero_point)
    return plain and alike and reader.padding == (0, 0, 0, 0)
