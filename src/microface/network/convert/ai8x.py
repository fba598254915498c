"""Networks of the vendor's tools for the MAX78000: checkpoint and YAML, read as an integer network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from microface.errors import UserError
from microface.network.convert.ai8x_checkpoint import CheckpointLayer, read_checkpoint
from microface.network.convert.ai8x_yaml import Description, LayerKeys, read_description
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.max78000 import AcceleratorConv, AcceleratorLayer, Passthrough
from microface.network.ops.window import Pair
from microface.network.requantise import NoRequantise
from microface.network.tensors import Shape, Tensor

SCALE = 1 / 128


def sample_shape(path: Path) -> Shape:
    """Return (H, W, C) of the sample input at `path`, a .npy file of C, H, W or C, L."""
    try:
        shape = np.load(path, mmap_mode="r", allow_pickle=False).shape
    except (OSError, ValueError, EOFError) as error:
        raise UserError(path, "is no .npy file", "give the sample input of the vendor's tools") from error
    if len(shape) not in (2, 3):
        raise UserError(path, f"has {len(shape)} dimensions", "give C, H, W, or C, L for a sequence")
    return (shape[1], shape[2] if len(shape) == 3 else 1, shape[0])


def read(checkpoint: Path, yaml: Path, input_shape: Shape) -> IntegerNetwork:
    """Return the network of a quantised checkpoint and its YAML for inputs of `input_shape` (H, W, C).

    Neither file says the input's size: the vendor's tools take it from the sample. A sequence is (L, 1, C).
    """
    arch, weights = read_checkpoint(checkpoint)
    description = read_description(yaml)
    if arch is not None and arch.lower() != description.arch.lower():
        raise UserError(checkpoint, f"is of {arch}, the YAML of {description.arch}", "give files that belong together")
    return _Builder(yaml, description, weights, input_shape).network()


class _Builder:
    """Makes operators layer by layer; `tensors[i]` is what layer i gives, -1 the input."""

    def __init__(self, path: Path, description: Description, weights: Sequence[CheckpointLayer], shape: Shape) -> None:
        self.path, self.description, self.weights = path, description, iter(weights)
        self.tensors = {-1: Tensor("input", shape, "s8", SCALE)}
        self.operators: list[Operator] = []

    def network(self) -> IntegerNetwork:
        """Return the whole network."""
        for index, keys in enumerate(self.description.layers):
            self._append(index, keys)
        if (left := next(self.weights, None)) is not None:
            raise UserError(self.path, f"has no layer for the weights {left.name}", "give files that belong together")
        last = self.tensors[len(self.operators) - 1]
        by_name = {tensor.name: tensor for tensor in self.tensors.values()}
        return IntegerNetwork(self.description.arch, by_name, tuple(self.operators), ("input",), (last.name,))

    def _append(self, index: int, keys: LayerKeys) -> None:
        sources = [self.tensors[i] for i in keys.sources(index)]
        operator = self._operator(f"t{index}", keys, sources)
        wide = isinstance(operator, AcceleratorConv) and operator.wide
        shape = operator.shape(*(tensor.shape for tensor in sources))
        self.tensors[index] = Tensor(operator.output, shape, "s32" if wide else "s8", SCALE)
        self.operators.append(operator)

    def _operator(self, output: str, keys: LayerKeys, sources: Sequence[Tensor]) -> AcceleratorLayer:
        names, common = tuple(tensor.name for tensor in sources), _reading(keys, sources[0].shape)
        if keys.operation == "passthrough":
            return Passthrough(f"layer{output[1:]}", names, output, **common)
        stored = next(self.weights, None)
        if stored is None:
            raise UserError(self.path, "has more layers than the checkpoint", "give files that belong together")
        probe = Passthrough("probe", names, output, **common)
        pooled = probe.pooled(*(tensor.shape for tensor in sources))
        return AcceleratorConv(stored.name, names, output, **common, **_convolution(keys, stored, pooled))


def _reading(keys: LayerKeys, source: Shape) -> dict[str, Any]:
    kind, size, stride = keys.pool()
    if kind == "none":
        return {"eltwise": keys.eltwise, "pool_first": keys.pool_first}
    sequence = source[1] == 1 and size[0] == size[1]
    pool: Mapping[str, Any] = {
        "pool": kind,
        "pool_size": (size[0], 1) if sequence else size,
        "pool_stride": (stride, 1) if sequence else (stride, stride),
    }
    return {"eltwise": keys.eltwise, "pool_first": keys.pool_first, **pool}


def _convolution(keys: LayerKeys, stored: CheckpointLayer, pooled: Shape) -> dict[str, Any]:
    weights = _weights(keys.operation, stored, pooled)
    bits = keys.bits or stored.weight_bits
    bias = np.zeros(len(weights), np.int64) if stored.bias is None else stored.bias
    shift = stored.output_shift + keys.output_shift
    return {
        "weights": _as_s8(weights, stored.name),
        "bias": _as_s8(bias, stored.name),
        "requantise": NoRequantise() if keys.wide else AcceleratorConv.rounding(shift, bits),
        "operation": keys.operation,
        "activation": keys.activation,
        "weight_bits": bits,
        "padding": _pair(keys.operation, keys.pad, 0),
        "dilation": _pair(keys.operation, keys.dilation, 1),
    }


def _pair(operation: str, value: int, other: int) -> Pair:
    return (value, other) if operation == "conv1d" else (value, value)


def _weights(operation: str, stored: CheckpointLayer, pooled: Shape) -> np.ndarray:
    """Return the weights as [O, KH, KW, I]."""
    weights = stored.weights
    if operation == "linear":
        rows, columns, channels = pooled
        if weights.shape[1] != rows * columns * channels:
            have, wanted = weights.shape[1], rows * columns * channels
            raise UserError(
                f"layer {stored.name}", f"has weights for {have} inputs, gets {wanted}", "give the right sample"
            )
        return weights.reshape(-1, channels, rows, columns).transpose(0, 2, 3, 1)
    if operation == "conv1d":
        return weights.transpose(0, 2, 1)[:, :, None, :]
    return weights.transpose(1, 2, 3, 0) if operation == "convtranspose2d" else weights.transpose(0, 2, 3, 1)


def _as_s8(values: np.ndarray, name: str) -> np.ndarray:
    if values.size and not -128 <= values.min() <= values.max() <= 127:
        raise UserError(f"layer {name}", "has values outside -128..127", "quantise the checkpoint first")
    return np.ascontiguousarray(values.astype(np.int8))
