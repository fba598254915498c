"""What a file says in two operators and ours in one: PAD before a window, RESHAPE before a dense layer."""

from dataclasses import replace

from microface.network.network import IntegerNetwork
from microface.network.ops import Conv2D, Dense, DepthwiseConv2D, MaxPool, Operator, Window
from microface.network.ops.tflite import Fill, Reshape
from microface.network.ops.window import Padding
from microface.network.tensors import Tensor

_Padding = Conv2D | DepthwiseConv2D | MaxPool


def fold(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` with paddings and reshapes taken over by the one operator that reads them, if it means that."""
    operators = list(network.operators)
    for op in network.operators:
        reader = _only_reader(network, op)
        taken = None if reader is None else _taken_over(op, reader, network)
        if reader is not None and taken is not None:
            operators[operators.index(reader)] = taken
            operators.remove(op)
    names = (*network.inputs, *(op.output for op in operators))
    tensors = {name: network.tensors[name] for name in names}
    return IntegerNetwork(network.name, tensors, tuple(operators), network.inputs, network.outputs)


def _taken_over(op: Operator, reader: Operator, network: IntegerNetwork) -> Operator | None:
    """Return `reader` doing the work of `op` too, None where it cannot."""
    if not isinstance(op, Fill | Reshape):
        return None
    source, between = network.tensors[op.inputs[0]], network.tensors[op.output]
    if (source.scale, source.zero_point) != (between.scale, between.zero_point):
        return None
    if isinstance(op, Fill) and isinstance(reader, _Padding) and _folds(op, reader, source):
        return replace(reader, inputs=op.inputs, padding=_padding(op))
    return replace(reader, inputs=op.inputs) if isinstance(op, Reshape) and isinstance(reader, Dense) else None


def _only_reader(network: IntegerNetwork, op: Operator) -> Operator | None:
    readers = [each for each in network.operators if op.output in each.inputs]
    return readers[0] if len(readers) == 1 and op.output not in network.outputs else None


def _folds(op: Fill, reader: _Padding, source: Tensor) -> bool:
    fill = source.lowest if isinstance(reader, MaxPool) else source.zero_point
    plain = (op.before[2], op.after[2]) == (0, 0) and op.value == fill
    return plain and reader.padding == (0, 0, 0, 0) and _touches(op, reader, source)


def _padding(op: Fill) -> Padding:
    return op.before[0], op.after[0], op.before[1], op.after[1]


def _touches(op: Fill, reader: _Padding, source: Tensor) -> bool:
    """Say whether every window of a maximum holds a real value, as ours must."""
    if not isinstance(reader, MaxPool):
        return True
    window = Window(reader.size, reader.stride, _padding(op))
    return bool(window.real_pixels(source.shape).min() > 0)
