"""Our integer networks as TFLite files: every operator by the exporter that is registered for its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.build import Scalar, Value
from microface.network.convert.tflite.model import TfTensor
from microface.network.convert.tflite.ranges import activation_range
from microface.network.convert.tflite.schema import ACTIVATIONS
from microface.network.convert.tflite.write import OutModel, OutOperator, OutTensor, model_bytes
from microface.network.network import IntegerNetwork
from microface.network.nibbles import pack_nibbles
from microface.network.ops import Operator
from microface.network.ops.window import Padding, Pair, same_padding
from microface.network.tensors import Shape, Tensor

_DTYPES = {"s8": "int8", "s16": "int16"}
NONE = 0


@dataclass
class Export:
    """The file so far; `numbers` are the file's numbers of the network's tensors."""

    network: IntegerNetwork
    tensors: list[OutTensor] = field(default_factory=list)
    operators: list[OutOperator] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Return the file's number of the network's tensor `name`."""
        if name not in self.numbers:
            tensor = self.network.tensors[name]
            self.numbers[name] = self.computed(name, tensor.shape, tensor)
        return self.numbers[name]

    def computed(self, name: str, shape: Shape, like: Tensor) -> int:
        """Add a computed tensor of `shape` with the quantisation of `like`."""
        if like.dtype not in _DTYPES:
            raise UserError(f"tensor {name}", f"is {like.dtype}", "only int8 networks go to TFLite")
        out = OutTensor(name, (1, *shape), _DTYPES[like.dtype], [float(np.float32(like.scale))], [like.zero_point])
        return self._add(out)

    def constant(self, name: str, data: np.ndarray, dtype: str, scales: np.ndarray | None = None, axis: int = 0) -> int:
        """Add a constant, quantised by `scales` along `axis` with zero points of 0, or plain."""
        factors = [] if scales is None else [float(scale) for scale in scales]
        stored = pack_nibbles(data) if dtype == "int4" else data
        return self._add(OutTensor(name, data.shape, dtype, factors, [0] * len(factors), axis, stored))

    def value(self, name: str, value: int, like: Tensor) -> int:
        """Add one constant integer with the quantisation of `like`."""
        data = np.array([value], like.numpy_dtype)
        scales = [float(np.float32(like.scale))]
        return self._add(OutTensor(name, (1,), _DTYPES[like.dtype], scales, [like.zero_point], 0, data))

    def _add(self, tensor: OutTensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def emit(self, name: str, inputs: tuple[int, ...], output: int, options: Mapping[int, Value] | None = None) -> None:
        """Append an operator."""
        self.operators.append(OutOperator(name, inputs, (output,), options or {}))

    def activation(self, op: Operator, lo: int, hi: int) -> Scalar:
        """Return the fused activation that cuts to `lo` .. `hi`."""
        output = self.network.tensors[op.output]
        scales, points = np.array([output.scale], np.float32), np.array([output.zero_point])
        given = TfTensor(0, op.output, output.shape, "int8", scales, points, 0, None)
        for number, name in ACTIVATIONS.items():
            if name not in ("TANH", "SIGN_BIT") and activation_range(name, given, output) == (lo, hi):
                return Scalar("b", number)
        raise UserError(f"operator {op.name}", f"cuts to {lo}..{hi}", "TFLite has relu, relu6 and relu_n1_to_1")

    def padded(self, op: Operator, padding: Padding, size: Pair, stride: Pair, dilation: Pair) -> tuple[int, Scalar]:
        """Return the input's number and the option for its padding; a PAD goes before where neither option fits."""
        source = self.network.tensors[op.inputs[0]]
        extent = ((size[0] - 1) * dilation[0] + 1, (size[1] - 1) * dilation[1] + 1)
        if padding == (0, 0, 0, 0):
            return self.number(source.name), Scalar("b", 1)
        if padding == same_padding((source.shape[0], source.shape[1]), extent, stride):
            return self.number(source.name), Scalar("b", 0)
        top, bottom, left, right = padding
        shape = (source.shape[0] + top + bottom, source.shape[1] + left + right, source.shape[2])
        wide = self.computed(f"{op.name}_padded", shape, source)
        sides = np.array([(0, 0), (top, bottom), (left, right), (0, 0)], np.int32)
        self.emit("PAD", (self.number(source.name), self.constant(f"{op.name}_sides", sides, "int32")), wide)
        return wide, Scalar("b", 1)


Exporter = Callable[[Export, Operator], None]
EXPORTERS: dict[str, Exporter] = {}


def exports(*kinds: str) -> Callable[[Exporter], Exporter]:
    """Register a function as the exporter of operators of these `kinds`."""

    def register(exporter: Exporter) -> Exporter:
        EXPORTERS.update(dict.fromkeys(kinds, exporter))
        return exporter

    return register


def tflite_bytes(network: IntegerNetwork, notes: Mapping[str, str] | None = None) -> bytes:
    """Return `network` as a TFLite file with `notes` as its metadata; equal networks give equal bytes."""
    from microface.network.convert.tflite import export_operators

    export_operators.load()
    export = Export(network)
    inputs = [export.number(name) for name in network.inputs]
    for op in network.operators:
        if op.kind not in EXPORTERS:
            raise UserError(f"operator {op.name}", f"{op.kind} has no form in TFLite", "export another network")
        EXPORTERS[op.kind](export, op)
    outputs = [export.number(name) for name in network.outputs]
    metadata = {name: text.encode() for name, text in (notes or {}).items()}
    return model_bytes(OutModel(export.tensors, export.operators, inputs, outputs, network.name, metadata))
