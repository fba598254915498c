"""PAD before a convolution or maximum without padding of its own becomes that operator's padding."""

from dataclasses import replace

from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, DepthwiseConv2D, MaxPool, Operator, Window
from microface.network.ops.tflite import Fill
from microface.network.ops.window import Padding

_Padding = Conv2D | DepthwiseConv2D | MaxPool


def fold_padding(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` with paddings taken over by the one operator that reads them, where it pads alike."""
    operators = list(network.operators)
    for op in network.operators:
        reader = _only_reader(network, op)
        if isinstance(op, Fill) and isinstance(reader, _Padding) and _folds(op, reader, network):
            padding = _padding(op)
            operators[operators.index(reader)] = replace(reader, inputs=op.inputs, padding=padding)
            operators.remove(op)
    names = (*network.inputs, *(op.output for op in operators))
    tensors = {name: network.tensors[name] for name in names}
    return IntegerNetwork(network.name, tensors, tuple(operators), network.inputs, network.outputs)


def _only_reader(network: IntegerNetwork, op: Operator) -> Operator | None:
    readers = [each for each in network.operators if op.output in each.inputs]
    return readers[0] if len(readers) == 1 and op.output not in network.outputs else None


def _folds(op: Fill, reader: _Padding, network: IntegerNetwork) -> bool:
    source, wide = network.tensors[op.inputs[0]], network.tensors[op.output]
    fill = source.lowest if isinstance(reader, MaxPool) else source.zero_point
    plain = (op.before[2], op.after[2]) == (0, 0) and op.value == fill
    alike = (source.scale, source.zero_point) == (wide.scale, wide.zero_point)
    return plain and alike and reader.padding == (0, 0, 0, 0) and _touches(op, reader, network)


def _padding(op: Fill) -> Padding:
    return op.before[0], op.after[0], op.before[1], op.after[1]


def _touches(op: Fill, reader: _Padding, network: IntegerNetwork) -> bool:
    """Say whether every window of a maximum holds a real value, as ours must."""
    if not isinstance(reader, MaxPool):
        return True
    window = Window(reader.size, reader.stride, _padding(op))
    return bool(window.real_pixels(network.tensors[op.inputs[0]].shape).min() > 0)
