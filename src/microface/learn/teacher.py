"""An ONNX teacher as a torch module, so that it embeds augmented views where they are made, on any device.

Reads the few operators that published face networks use; 8-bit weights are dequantised as the file says.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.files import read_bytes

SIDE = 112
"""Side of the aligned faces that a teacher reads."""
Attributes = dict[str, Any]


class TorchTeacher(nn.Module):
    """The graph of an ONNX network: float32 [N, 3, 112, 112] RGB, (level - 127.5) / 127.5, to [N, `dimensions`]."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        graph = model.graph
        constants = {c.name: torch.from_numpy(numpy_helper.to_array(c).copy()) for c in graph.initializer}
        self.steps: list[tuple[Callable[..., Tensor], tuple[str, ...], str, Attributes]] = []
        for node in graph.node:
            self._add(node, constants)
        read = {name for _, inputs, _, _ in self.steps for name in inputs}
        self._names = {name: f"constant{i}" for i, name in enumerate(sorted(read & constants.keys()))}
        for name, buffer in self._names.items():
            self.register_buffer(buffer, _laid_out(constants[name]), persistent=False)
        self.input, self.output = graph.input[0].name, graph.output[0].name
        with torch.no_grad():
            self.dimensions = int(self(torch.zeros(1, 3, SIDE, SIDE)).shape[1])

    def forward(self, x: Tensor) -> Tensor:
        """Return the embeddings [N, dimensions], not normalised."""
        values = {name: getattr(self, buffer) for name, buffer in self._names.items()} | {self.input: x}
        for function, inputs, output, attributes in self.steps:
            values[output] = function(*(values[name] for name in inputs), **attributes)
        return values[self.output]

    def of_views(self, seen: Tensor) -> Tensor:
        """Return the embeddings of square views `seen` [N, 3, S, S] of levels 0..255."""
        if seen.shape[-1] != SIDE:
            seen = F.interpolate(seen, (SIDE, SIDE), mode="bilinear", antialias=True)
        return self(((seen - 127.5) / 127.5).contiguous(memory_format=torch.channels_last))

    def _add(self, node: onnx.NodeProto, constants: dict[str, Tensor]) -> None:
        """Take in `node`: weights that are dequantised become constants, all else a step."""
        if node.op_type == "DequantizeLinear":
            constants[node.output[0]] = dequantised(*(constants[name] for name in node.input), **_attributes(node))
        elif node.op_type == "Constant":
            constants[node.output[0]] = torch.from_numpy(numpy_helper.to_array(node.attribute[0].t).copy())
        elif node.op_type in _OPERATORS:
            inputs = tuple(name for name in node.input if name)
            self.steps.append((_OPERATORS[node.op_type], inputs, node.output[0], _attributes(node)))
        else:
            known = ", ".join(sorted(_OPERATORS))
            raise UserError(f"operator {node.op_type}", "is not read from a live teacher", f"known: {known}")


def read_teacher(path: Path) -> TorchTeacher:
    """Return the teacher in the ONNX file `path`; a file that is none, or that cannot be read, is a `UserError`."""
    try:
        model = onnx.load_from_string(read_bytes(path))
    except Exception as error:  # the protobuf library raises kinds of its own
        raise UserError(path, "is not an ONNX network", "give the teacher's .onnx file") from error
    try:
        return TorchTeacher(model).eval().requires_grad_(False)
    except (RuntimeError, KeyError, TypeError, IndexError) as error:
        raise UserError(path, f"is not a teacher of faces of {SIDE} x {SIDE} ({error})", "give another one") from error


def _attributes(node: onnx.NodeProto) -> Attributes:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def _laid_out(constant: Tensor) -> Tensor:
    return constant.contiguous(memory_format=torch.channels_last) if constant.ndim == 4 else constant


def dequantised(q: Tensor, scale: Tensor, zero: Tensor | None = None, axis: int = 1) -> Tensor:
    """Return (q - zero) x scale, per channel of `axis` where there are several scales."""
    shape = [-1 if i == axis else 1 for i in range(q.ndim)] if scale.numel() > 1 else [1] * q.ndim
    shifted = q.float() if zero is None else q.float() - zero.float().reshape(shape)
    return shifted * scale.reshape(shape)


def _conv(x: Tensor, weight: Tensor, bias: Tensor | None = None, **a: Any) -> Tensor:
    pads = a.get("pads", [0, 0, 0, 0])
    if pads[:2] != pads[2:]:
        x, pads = F.pad(x, (pads[1], pads[3], pads[0], pads[2])), [0, 0]
    return F.conv2d(x, weight, bias, a.get("strides", 1), pads[:2], a.get("dilations", 1), a.get("group", 1))


def _average_pool(x: Tensor, **a: Any) -> Tensor:
    pads = a.get("pads", [0, 0, 0, 0])
    counted = bool(a.get("count_include_pad", 0))
    return F.avg_pool2d(x, a["kernel_shape"], a.get("strides", 1), pads[:2], count_include_pad=counted)


def _prelu(x: Tensor, slope: Tensor) -> Tensor:
    return torch.where(x >= 0, x, x * slope.to(x.dtype))


def _gemm(x: Tensor, weight: Tensor, bias: Tensor | None = None, **a: Any) -> Tensor:
    product = a.get("alpha", 1.0) * F.linear(x, weight if a.get("transB") else weight.T)
    return product if bias is None else product + a.get("beta", 1.0) * bias


def _batch_norm(x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, **a: Any) -> Tensor:
    return F.batch_norm(x, mean, variance, scale, bias, eps=a.get("epsilon", 1e-5))


def _reshape(x: Tensor, shape: Tensor) -> Tensor:
    return x.reshape([x.shape[i] if side == 0 else int(side) for i, side in enumerate(shape.tolist())])


_OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Add": torch.add,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "Flatten": lambda x, axis=1: x.flatten(axis),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True),
    "Identity": lambda x: x,
    "MatMul": torch.matmul,
    "Mul": torch.mul,
    "PRelu": _prelu,
    "Relu": F.relu,
    "Reshape": _reshape,
    "Sigmoid": torch.sigmoid,
    "Sub": torch.sub,
}
