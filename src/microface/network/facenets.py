"""The published networks for the MAX78000 with drawn weights: face / no-face (facenet v1 to v7), and AI85FaceIdNet.

Right for sizes, places and times; trained weights come from training. Facenets: 3x3, padding 1, no bias, ReLU; from the
second layer on a 2x2 maximum pool in front; last a linear layer to two classes with bias.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.max78000 import AcceleratorConv, AcceleratorLayer, Passthrough
from microface.network.requantise import NoRequantise
from microface.network.tensors import Shape, Tensor

SEED = 78000
SIDE = 88
CLASSES = 2


@dataclass(frozen=True)
class Facenet:
    """Output channels of each convolution, and bits of all weights."""

    widths: tuple[int, ...]
    bits: int = 8


FACENETS = {
    "facenet_v1": Facenet((4, 8, 16, 32, 32)),
    "facenet_v2": Facenet((8, 16, 32, 64, 64, 64)),
    "facenet_v3": Facenet((8, 16, 32, 64, 64, 64), bits=4),
    "facenet_v6": Facenet((4, 4, 4, 8, 16)),
    "facenet_v7": Facenet((1, 2, 4, 8, 16)),
}


FACEID = "ai85faceidnet"
PUBLISHED = (*FACENETS, FACEID)
_FACEID_SIZE: Shape = (160, 120, 3)
# Output channels, kernel, whether a 2x2 maximum stands in front, output shift, activation.
_FACEID_LAYERS = (
    (16, 3, False, -2, "relu"),
    (32, 3, True, -3, "relu"),
    (32, 3, True, -3, "relu"),
    (64, 3, True, -3, "relu"),
    (64, 3, True, -4, "relu"),
    (64, 3, False, -4, "relu"),
    (64, 3, False, -4, "relu"),
    (512, 1, True, -2, "none"),
)


def published(name: str) -> IntegerNetwork:
    """Return the network `name` of `PUBLISHED` with weights drawn from a fixed seed."""
    return faceid() if name == FACEID else facenet(name)


def faceid() -> IntegerNetwork:
    """Return AI85FaceIdNet: 120 x 160 x 3 (w x h) to 512 values, the average of the last map of 5 x 3."""
    rng, tensors = np.random.default_rng(SEED), {"input": Tensor("input", _FACEID_SIZE, "s8", 1 / 128)}
    operators: list[Operator] = []
    for index, (width, kernel, pools, shift, activation) in enumerate(_FACEID_LAYERS):
        plain = _convolution(index * pools, width, 8, _last(tensors).shape[2], rng)
        operator = replace(
            plain,
            name=f"conv{index + 1}",
            inputs=(_last(tensors).name,),
            output=f"t{index + 1}",
            weights=_draw(rng, (width, kernel, kernel, plain.weights.shape[3]), 8),
            padding=(kernel // 2, kernel // 2),
            requantise=AcceleratorConv.rounding(shift),
            activation=activation,
        )
        _append(operator, operators, tensors)
    last = _last(tensors)
    size = (last.shape[0], last.shape[1])
    _append(Passthrough("mean", (last.name,), "embedding", pool="average", pool_size=size), operators, tensors)
    return IntegerNetwork(FACEID, tensors, tuple(operators), ("input",), ("embedding",))


def facenet(name: str) -> IntegerNetwork:
    """Return the network `name` of `FACENETS` with weights drawn from a fixed seed."""
    return chain(name, FACENETS[name].widths, FACENETS[name].bits)


def chain(name: str, widths: tuple[int, ...], bits: int, source: Shape = (SIDE, SIDE, 3)) -> IntegerNetwork:
    """Return 3x3 convolutions of `widths` with pools between, and the linear layer, on inputs of `source` (H, W, C)."""
    rng, tensors = np.random.default_rng(SEED), {"input": Tensor("input", source, "s8", 1 / 128)}
    operators: list[Operator] = []
    for index, width in enumerate(widths):
        _append(_convolution(index, width, bits, _last(tensors).shape[2], rng), operators, tensors)
    _append(_classifier(len(widths), bits, _last(tensors).shape, rng), operators, tensors)
    return IntegerNetwork(name, tensors, tuple(operators), ("input",), (_last(tensors).name,))


def _last(tensors: dict[str, Tensor]) -> Tensor:
    return list(tensors.values())[-1]


def _append(operator: AcceleratorLayer, operators: list[Operator], tensors: dict[str, Tensor]) -> None:
    shape = operator.shape(*(tensors[name].shape for name in operator.inputs))
    wide = isinstance(operator, AcceleratorConv) and operator.wide
    tensors[operator.output] = Tensor(operator.output, shape, "s32" if wide else "s8", 1 / 128)
    operators.append(operator)


def _draw(rng: np.random.Generator, shape: tuple[int, ...], bits: int) -> np.ndarray:
    return rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), shape).astype(np.int8)


def _convolution(index: int, width: int, bits: int, channels: int, rng: np.random.Generator) -> AcceleratorConv:
    pool: dict[str, Any] = {"pool": "max", "pool_size": (2, 2), "pool_stride": (2, 2)} if index else {}
    return AcceleratorConv(
        f"conv{index + 1}",
        (f"t{index}" if index else "input",),
        f"t{index + 1}",
        weights=_draw(rng, (width, 3, 3, channels), bits),
        bias=np.zeros(width, np.int8),
        requantise=AcceleratorConv.rounding(-3, bits),
        activation="relu",
        weight_bits=bits,
        padding=(1, 1),
        **pool,
    )


def _classifier(index: int, bits: int, shape: Shape, rng: np.random.Generator) -> AcceleratorConv:
    return AcceleratorConv(
        "classifier",
        (f"t{index}",),
        "logits",
        weights=_draw(rng, (CLASSES, *shape), bits),
        bias=np.array([5, -3], np.int8),
        requantise=NoRequantise(),
        operation="linear",
        weight_bits=bits,
    )
