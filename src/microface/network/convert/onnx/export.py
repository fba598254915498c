"""Our integer networks as ONNX files in the QDQ form: every operator by the exporter that is registered for its kind.

Each tensor is written as QuantizeLinear and DequantizeLinear around a float node, which onnxruntime fuses to integers.
Values are channels first; vectors have two sizes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from microface.errors import UserError
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.tensors import Tensor

OPSET = 17
_IR_VERSION = 9


@dataclass
class Export:
    """The file so far; `vectors` are tensors that the file holds with two sizes."""

    network: IntegerNetwork
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)
    vectors: set[str] = field(default_factory=set)

    def tensor(self, name: str) -> Tensor:
        """Return the network's tensor."""
        return self.network.tensors[name]

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a constant."""
        self.constants[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def add(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        """Append a node; return its output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{output}/{kind}", **attributes))
        return output

    def affine(self, tensor: Tensor) -> list[str]:
        """Return the names of a tensor's scale and zero point."""
        scale = self.constant(f"{tensor.name}_scale", np.array(tensor.scale, np.float32))
        return [scale, self.constant(f"{tensor.name}_zero_point", np.array(tensor.zero_point, np.int8))]

    def real(self, name: str, vector: bool = False) -> str:
        """Return the name of a tensor's real values with four sizes, or with two."""
        plain = f"{name}_real"
        if vector == (name in self.vectors):
            return plain
        _, _, channels = self.tensor(name).shape
        shaped = f"{plain}_{'vector' if vector else 'image'}"
        if not any(shaped in node.output for node in self.nodes):
            sizes = [0, -1] if vector else [0, channels, 1, 1]
            self.add("Reshape", [plain, self.constant(f"{shaped}_sizes", np.array(sizes, np.int64))], shaped)
        return shaped

    def dequantised(self, name: str, integers: np.ndarray, scales: np.ndarray) -> str:
        """Add integers with a scale per output channel, their first axis; return the name of their real values."""
        points = np.zeros(len(scales), integers.dtype)
        names = [self.constant(f"{name}_scale", scales.astype(np.float32))]
        names.append(self.constant(f"{name}_zero_point", points))
        given = self.constant(f"{name}_quantized", integers)
        return self.add("DequantizeLinear", [given, *names], name, axis=0)

    def write(self, op: Operator, computed: str, vector: bool = False) -> None:
        """Quantise the real values `computed` to the output of `op`, cut as it cuts."""
        tensor, rule = self.tensor(op.output), getattr(op, "requantise", op)
        ends = getattr(rule, "lo", tensor.lowest), getattr(rule, "hi", tensor.highest)
        if vector:
            self.vectors.add(op.output)
        self.quantise(tensor, self._cut(tensor, computed, *ends))

    def _cut(self, tensor: Tensor, computed: str, lo: int, hi: int) -> str:
        if (lo, hi) == (tensor.lowest, tensor.highest):
            return computed
        if (lo, hi) == (tensor.zero_point, tensor.highest):
            return self.add("Relu", [computed], f"{tensor.name}_cut")
        reals = [np.float32(tensor.scale) * np.float32(end - tensor.zero_point) for end in (lo, hi)]
        names = [
            self.constant(f"{tensor.name}_{side}", np.array(end, np.float32))
            for side, end in zip("lh", reals, strict=True)
        ]
        return self.add("Clip", [computed, *names], f"{tensor.name}_cut")

    def quantise(self, tensor: Tensor, computed: str) -> None:
        """Append QuantizeLinear, named as onnxruntime names integers, and DequantizeLinear."""
        if tensor.dtype != "s8":
            raise UserError(f"tensor {tensor.name}", f"is {tensor.dtype}", "only int8 networks go to ONNX")
        affine = self.affine(tensor)
        integers = self.add("QuantizeLinear", [computed, *affine], f"{tensor.name}_quantized")
        self.add("DequantizeLinear", [integers, *affine], f"{tensor.name}_real")


Exporter = Callable[[Export, Operator], None]
EXPORTERS: dict[str, Exporter] = {}


def exports(*kinds: str) -> Callable[[Exporter], Exporter]:
    """Register a function as the exporter of operators of these `kinds`."""

    def register(exporter: Exporter) -> Exporter:
        EXPORTERS.update(dict.fromkeys(kinds, exporter))
        return exporter

    return register


def onnx_bytes(network: IntegerNetwork, notes: Mapping[str, str] | None = None) -> bytes:
    """Return `network` as an ONNX file with `notes` as its metadata; equal networks give equal bytes."""
    from microface.network.convert.onnx import export_operators

    export_operators.load()
    export, (source, result) = Export(network), (network.input, network.output)
    export.quantise(source, "input")
    for op in network.operators:
        if op.kind not in EXPORTERS:
            raise UserError(f"operator {op.name}", f"{op.kind} has no form in ONNX", "export another network")
        EXPORTERS[op.kind](export, op)
    vector = result.shape[:2] == (1, 1)
    export.add("Identity", [export.real(result.name, vector)], "output")
    model = _model(export, [1, *_first(source)], [1, result.shape[2]] if vector else [1, *_first(result)])
    helper.set_model_props(model, dict(notes or {}))
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _first(tensor: Tensor) -> list[int]:
    """Return the sizes with the channels first."""
    rows, columns, channels = tensor.shape
    return [channels, rows, columns]


def _model(export: Export, source: list[int], result: list[int]) -> onnx.ModelProto:
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)
        for name, sizes in (("input", source), ("output", result))
    ]
    graph = helper.make_graph(
        export.nodes, export.network.name or "network", ends[:1], ends[1:], list(export.constants.values())
    )
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="microface")
