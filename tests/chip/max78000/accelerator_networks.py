"""Small networks for the MAX78000 that use each kind of layer once."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microface.network import IntegerNetwork, Tensor
from microface.network.facenets import facenet
from microface.network.ops.max78000 import AcceleratorConv, AcceleratorLayer, Passthrough
from microface.network.requantise import NoRequantise

PAD: dict[str, Any] = {"padding": (1, 1)}
POOL: dict[str, Any] = {"pool": "max", "pool_size": (2, 2), "pool_stride": (2, 2)}
AVERAGE: dict[str, Any] = {"pool": "average", "pool_size": (2, 2), "pool_stride": (2, 2)}


def build(name: str, shape: tuple[int, int, int], layers: Sequence[dict[str, Any]]) -> IntegerNetwork:
    """Make a network of `layers`: fields of the operator, and outputs, size, bias, wide, inputs, shift."""
    tensors, operators = {"input": Tensor("input", shape, "s8", 1 / 128)}, []
    rng = np.random.default_rng(len(name))
    for index, layer in enumerate(layers):
        operator = _operator(index, dict(layer), tensors, rng)
        output = operator.shape(*(tensors[each].shape for each in operator.inputs))
        dtype = "s32" if getattr(operator, "wide", False) else "s8"
        tensors[operator.output] = Tensor(operator.output, output, dtype, 1 / 128)
        operators.append(operator)
    return IntegerNetwork(name, tensors, tuple(operators), ("input",), (operators[-1].output,))


def _operator(
    index: int, layer: dict[str, Any], tensors: dict[str, Tensor], rng: np.random.Generator
) -> AcceleratorLayer:
    name, output = f"layer{index}", f"t{index}"
    inputs = layer.pop("inputs", (list(tensors)[-1],))
    if "outputs" not in layer:
        return Passthrough(name, inputs, output, **layer)
    outputs, size, bits = layer.pop("outputs"), layer.pop("size", 3), layer.get("weight_bits", 8)
    reading = {key: layer[key] for key in ("pool", "pool_size", "pool_stride") if key in layer}
    pooled = Passthrough(name, inputs, output, **reading).pooled(*(tensors[each].shape for each in inputs))
    kernel = {"linear": pooled[:2], "conv1d": (size, 1)}.get(layer.get("operation", ""), (size, size))
    low, high = -(1 << (bits - 1)), 1 << (bits - 1)
    bias = rng.integers(-100, 100, outputs) if layer.pop("bias", False) else np.zeros(outputs)
    shift, wide = layer.pop("shift", -4), layer.pop("wide", False)
    return AcceleratorConv(
        name, inputs, output,
        weights=rng.integers(low, high, (outputs, *kernel, pooled[2])).astype(np.int8),
        bias=bias.astype(np.int8),
        requantise=NoRequantise() if wide else AcceleratorConv.rounding(shift, bits),
        **layer,
    )  # fmt: skip


NETWORKS: dict[str, Callable[[], IntegerNetwork]] = {
    "facenet_v3": lambda: facenet("facenet_v3"),
    "facenet_v7": lambda: facenet("facenet_v7"),
    "rounds": lambda: build("rounds", (6, 6, 16), [
        {"outputs": 128, **PAD}, {"outputs": 100, "bias": True, **PAD, **POOL}, {"outputs": 72, "size": 1},
        {"outputs": 10, "operation": "linear", "wide": True},
    ]),
    "bits": lambda: build("bits", (8, 8, 5), [
        {"outputs": 13, "weight_bits": 1, "shift": 0, **PAD}, {"outputs": 7, "weight_bits": 2, "bias": True, **PAD},
        {"outputs": 9, "weight_bits": 4, "size": 1, "activation": "relu"},
        {"outputs": 6, "weight_bits": 2, "operation": "linear"},
    ]),
    "sequence": lambda: build("sequence", (40, 1, 10), [
        {"outputs": 20, "size": 5, "operation": "conv1d", "padding": (1, 0)},
        {"outputs": 80, "operation": "conv1d", "activation": "abs"},
        {"outputs": 8, "size": 1, "operation": "conv1d", "pool": "average", "pool_size": (3, 1), "pool_stride": (2, 1)},
    ]),
    "residual": lambda: build("residual", (12, 12, 3), [
        {"outputs": 16, **PAD}, {"outputs": 16, **PAD},
        {"outputs": 8, "inputs": ("t0", "t1"), "eltwise": "add", "activation": "relu", **PAD, **POOL},
    ]),
    "subtract": lambda: build("subtract", (12, 12, 3), [
        {"outputs": 16, **PAD}, {"outputs": 16, "bias": True, **PAD},
        {"outputs": 8, "inputs": ("t0", "t1"), "eltwise": "sub", "pool_first": False, **PAD, **POOL},
    ]),
    "exclusive": lambda: build("exclusive", (12, 12, 3), [
        {"outputs": 16, **PAD}, {"outputs": 16, **PAD}, {"inputs": ("t0", "t1"), "eltwise": "xor"},
        {"outputs": 5, **PAD},
    ]),
    "twice": lambda: build("twice", (6, 6, 3), [
        {"outputs": 8, **PAD}, {"outputs": 4, "inputs": ("t0", "t0"), "eltwise": "add", **PAD},
    ]),
    "packed": lambda: build("packed", (2, 2, 21), [
        {"outputs": 192 if index % 2 == 0 else 21, "bias": index == 1, **PAD} for index in range(10)
    ]),
    "transposed": lambda: build("transposed", (7, 6, 4), [
        {"outputs": 6, "operation": "convtranspose2d", **PAD}, {"outputs": 5, **PAD},
    ]),
    "average": lambda: build("average", (9, 9, 70), [{"outputs": 30, **PAD}, AVERAGE]),
    "streaming": lambda: build("streaming", (96, 100, 3), [
        {"outputs": 8, **PAD}, {"outputs": 8, **PAD, "bias": True, **POOL}, {"outputs": 4, **PAD, **POOL},
    ]),
    "two_fifos": lambda: build("two_fifos", (96, 94, 6), [
        {"outputs": 5, "bias": True, **PAD}, {"outputs": 4, **PAD, **AVERAGE},
    ]),
    "planes": lambda: build("planes", (120, 120, 3), [
        {"outputs": 8, **PAD, "pool": "max", "pool_size": (4, 4), "pool_stride": (4, 4)}, {"outputs": 5, **PAD},
    ]),
}  # fmt: skip
