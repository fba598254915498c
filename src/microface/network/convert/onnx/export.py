"""An ONNX file in the QDQ form in the making, and what exporters share.

Each tensor is written as QuantizeLinear and DequantizeLinear around a float node, which onnxruntime fuses to integers.
Values are channels first; vectors have two sizes.
"""

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from microface.errors import UserError
from microface.network.convert.factors import stored_constant
from microface.network.convert.registry import Exporters
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.window import Padding
from microface.network.tensors import Tensor

THEIRS = (2, 0, 1)
"""Which of our axes (rows, columns, channels) C, H, W is."""


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

    def ends(self, op: Operator) -> tuple[Tensor, Tensor]:
        """Return the first input and the output of `op`."""
        return self.tensor(op.inputs[0]), self.tensor(op.output)

    def operand(self, op: Operator, centred: np.ndarray, scale: float, vector: bool) -> str:
        """Add a constant operand (integers [H, W, C] less their zero point); return the name of its real values."""
        stored, point = stored_constant(op.name, centred, self.tensor(op.inputs[0]))
        turned = stored.reshape(1, -1) if vector else stored.transpose(2, 0, 1)[None]
        name = f"{op.output}_constant"
        affine = [
            self.constant(f"{name}_scale", np.array(scale, np.float32)),
            self.constant(f"{name}_zero_point", np.array(point, np.int8)),
        ]
        return self.add("DequantizeLinear", [self.constant(f"{name}_quantized", turned), *affine], name)

    def integers(self, name: str, values: object) -> str:
        """Add plain int64 `values`: sizes, axes, places."""
        return self.constant(name, np.array(values, np.int64))

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
            raise UserError(f"tensor {tensor.name}", f"is {tensor.dtype}", "QDQ takes int8 here: quantise it to s8")
        affine = self.affine(tensor)
        integers = self.add("QuantizeLinear", [computed, *affine], f"{tensor.name}_quantized")
        self.add("DequantizeLinear", [integers, *affine], f"{tensor.name}_real")

    def integer(self, name: str, vector: bool) -> str:
        """Return the name of a tensor's integers with four sizes, or with two where it has two."""
        if vector != (name in self.vectors):
            raise UserError(f"tensor {name}", "is looked up as an image and as a vector", "reshape it before")
        return f"{name}_quantized"

    def written(self, name: str, integers: str, vector: bool) -> None:
        """Append DequantizeLinear behind the `integers` of a tensor."""
        if vector:
            self.vectors.add(name)
        self.add("DequantizeLinear", [integers, *self.affine(self.tensor(name))], f"{name}_real")


def pads_of(padding: Padding) -> list[int]:
    """Return the attribute `pads` of a window."""
    above, below, left, right = padding
    return [above, left, below, right]


exports: Exporters[Export] = Exporters("ONNX")
"""Registers the exporter of a kind of operator."""
