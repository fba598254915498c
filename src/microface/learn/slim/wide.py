"""The wide network that a narrow one is cut out of: a MobileFaceNet without expansion, read from its ONNX file."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.files import read_bytes
from microface.learn.teacher import dequantised


@dataclass(frozen=True)
class Layer:
    """A convolution with folded batch norm: weight [O, I, k, k], bias [O], PReLU slopes [O] or None.

    `adds`: the result is added to the stream that the block began with.
    """

    weight: Tensor
    bias: Tensor
    stride: int = 1
    groups: int = 1
    slopes: Tensor | None = None
    adds: bool = False

    def linear(self, x: Tensor) -> Tensor:
        """Return the convolution of maps `x` without the activation; padding keeps the map's size."""
        return F.conv2d(x, self.weight, self.bias, self.stride, self.weight.shape[-1] // 2, 1, self.groups)

    def active(self, y: Tensor) -> Tensor:
        """Return `y` behind the activation."""
        return y if self.slopes is None else torch.where(y >= 0, y, y * self.slopes.view(1, -1, 1, 1))

    def __call__(self, x: Tensor) -> Tensor:
        """Return the activated convolution of maps `x` [N, I, H, W]."""
        return self.active(self.linear(x))


@dataclass(frozen=True)
class Block:
    """1x1, depthwise 3x3, 1x1 without activation."""

    expand: Layer
    depthwise: Layer
    project: Layer


@dataclass(frozen=True)
class Wide:
    """3x3 of stride 2, depthwise 3x3, blocks, two 1x1; what follows is linear over the whole map and not needed."""

    stem: Layer
    depthwise: Layer
    blocks: tuple[Block, ...]
    last: Layer
    flat: Layer


def read_wide(path: Path) -> Wide:
    """Return the network in the ONNX file `path`; one of another form is a `UserError`."""
    try:
        graph = onnx.load_from_string(read_bytes(path)).graph
    except Exception as error:  # the protobuf library raises kinds of its own
        raise UserError(path, "is not an ONNX network", "give the teacher's .onnx file") from error
    layers = _layers(graph)
    blocks = [Block(*layers[i : i + 3]) for i in range(2, len(layers) - 2, 3)]
    if len(layers) < 10 or (len(layers) - 4) % 3 or not all(map(_is_block, blocks)) or not _is_frame(layers):
        mend = "give a MobileFaceNet of residual blocks without expansion, as the research teacher is"
        raise UserError(path, "has another form than the networks that can be cut", mend)
    return Wide(layers[0], layers[1], tuple(blocks), layers[-2], layers[-1])


def _is_block(block: Block) -> bool:
    hidden = len(block.depthwise.weight)
    there = block.expand.slopes is not None and block.depthwise.slopes is not None and block.project.slopes is None
    return there and block.depthwise.groups == hidden and block.project.weight.shape[1:] == (hidden, 1, 1)


def _is_frame(layers: list[Layer]) -> bool:
    stem, depthwise = layers[0], layers[1]
    ends = all(layer.slopes is not None and layer.weight.shape[-1] == 1 for layer in layers[-2:])
    return ends and stem.stride == 2 and stem.slopes is not None and depthwise.groups == len(depthwise.weight)


def _layers(graph: Any) -> list[Layer]:
    """Return the convolutions of `graph` in their order, each with the PReLU and the addition behind it."""
    constants = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in graph.initializer}
    layers: list[Layer] = []
    for node in graph.node:
        about = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        if node.op_type == "DequantizeLinear":
            constants[node.output[0]] = dequantised(*(constants[name] for name in node.input), **about)
        elif node.op_type == "Conv":
            weight, bias = (constants[name].float() for name in node.input[1:3])
            layers.append(Layer(weight, bias, about.get("strides", [1])[0], about.get("group", 1)))
        elif node.op_type == "PRelu" and layers:
            layers[-1] = replace(layers[-1], slopes=constants[node.input[1]].reshape(-1).float())
        elif node.op_type == "Add" and layers:
            layers[-1] = replace(layers[-1], adds=True)
    return layers
