"""Networks of the vendor's tools for the MAX78000: checkpoint and YAML, read as an integer network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from microface.errors import UserError
from microface.network.convert.ai8x.checkpoint import CheckpointLayer, read_checkpoint
from microface.network.convert.ai8x.description import Description, read_description
from microface.network.convert.ai8x.layer import LayerKeys
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.max78000 import AcceleratorConv, AcceleratorLayer, Passthrough
from microface.network.ops.max78000.limits import require_bits
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


def read(checkpoint: Path, yaml: Path, input_shape: Shape, pool_rounding: bool = False) -> IntegerNetwork:
    """Return the network of a quantised checkpoint and its YAML for inputs of `input_shape` (H, W, C).

    Neither file says the input's size: the vendor's tools take it from the sample. A sequence is (L, 1, C). Nor do they
    say how averages round: half away from zero with `pool_rounding` (--avg-pool-rounding there), else toward zero.
    """
    arch, weights = read_checkpoint(checkpoint)
    description = read_description(yaml)
    if arch is not None and arch.lower() != description.arch.lower():
        raise UserError(checkpoint, f"is of {arch}, the YAML of {description.arch}", "give files that belong together")
    return _Builder(yaml, description, weights, input_shape, pool_rounding).network()


class _Builder:
    """Makes operators layer by layer; `tensors[i]` is what layer i gives, -1 the input."""

    def __init__(
        self, path: Path, description: Description, weights: Sequence[CheckpointLayer], shape: Shape, rounding: bool
    ) -> None:
        self.path, self.description, self.weights, self.rounding = path, description, iter(weights), rounding
        self.tensors = {-1: Tensor("input", shape, "s8", SCALE)}
        self.operators: list[Operator] = []

    def network(self) -> IntegerNetwork:
        """Return the whole network; it gives what layers with `output` give, or else the last layer."""
        layers = self.description.layers
        for index, keys in enumerate(layers):
            self._append(index, keys)
        if (left := next(self.weights, None)) is not None:
            raise UserError(self.path, f"has no layer for the weights {left.name}", "give files that belong together")
        given = [index for index, keys in enumerate(layers) if keys.output] or [len(layers) - 1]
        outputs = tuple(self.tensors[index].name for index in given)
        by_name = {tensor.name: tensor for tensor in self.tensors.values()}
        return IntegerNetwork(self.description.arch, by_name, tuple(self.operators), ("input",), outputs)

    def _append(self, index: int, keys: LayerKeys) -> None:
        sources = [self.tensors[i] for i in keys.sources()]
        keys.check_source(sources[0].shape)
        operator = self._operator(f"t{index}", keys, sources)
        wide = isinstance(operator, AcceleratorConv) and operator.wide
        shape = operator.shape(*(tensor.shape for tensor in sources))
        if keys.whole("out_channels", shape[2], 1) != shape[2]:
            raise keys.wrong(f"gives {shape[2]} channels and has out_channels", "make them agree")
        self.tensors[index] = Tensor(operator.output, shape, "s32" if wide else "s8", SCALE)
        self.operators.append(operator)

    def _operator(self, output: str, keys: LayerKeys, sources: Sequence[Tensor]) -> AcceleratorLayer:
        names, common = tuple(tensor.name for tensor in sources), self._reading(keys, sources[0].shape)
        if keys.operation == "passthrough":
            return Passthrough(f"layer{output[1:]}", names, output, **common)
        stored = next(self.weights, None)
        if stored is None:
            raise UserError(self.path, "has more layers than the checkpoint", "give files that belong together")
        reader = Passthrough(stored.name, names, output, **common)
        pooled = reader.pooled(*(tensor.shape for tensor in sources))
        return AcceleratorConv(stored.name, names, output, **common, **_convolution(keys, stored, pooled))

    def _reading(self, keys: LayerKeys, source: Shape) -> dict[str, Any]:
        sequence = keys.operation == "conv1d" or (keys.operation == "passthrough" and source[1] == 1)
        kind, size, stride = keys.pool(sequence)
        pool: dict[str, Any] = {"pool": kind, "pool_size": size, "pool_stride": stride, "pool_rounding": self.rounding}
        return {"eltwise": keys.eltwise, "pool_first": keys.pool_first, **(pool if kind != "none" else {})}


def _convolution(keys: LayerKeys, stored: CheckpointLayer, pooled: Shape) -> dict[str, Any]:
    operation = keys.operation
    if operation == "linear" and not keys.flatten and pooled[:2] != (1, 1):
        if stored.weights.shape[1] != pooled[2]:
            raise keys.wrong(f"reads {stored.weights.shape[1]} values and does not flatten", "add flatten: true")
        operation = "conv2d"
    weights = _weights(operation, stored, pooled, keys)
    bits = keys.bits or stored.weight_bits
    bias = np.zeros(len(weights), np.int64) if stored.bias is None else stored.bias
    if bias.shape != (len(weights),):
        raise keys.wrong(f"has {bias.size} biases for {len(weights)} outputs", "give files that belong together")
    shift = stored.output_shift if keys.output_shift is None else keys.output_shift
    require_bits(weights, bits, stored.name)
    return {
        "weights": _as_s8(weights, stored.name),
        "bias": _as_s8(bias, stored.name),
        "requantise": NoRequantise() if keys.wide else AcceleratorConv.rounding(shift, bits),
        "operation": operation,
        "activation": keys.activation,
        "weight_bits": bits,
        "padding": keys.padding,
        "dilation": keys.dilation,
    }


_DIMENSIONS = {"conv2d": 4, "convtranspose2d": 4, "conv1d": 3, "linear": 2}


def _weights(operation: str, stored: CheckpointLayer, pooled: Shape, keys: LayerKeys) -> np.ndarray:
    """Return the weights as [O, KH, KW, I]."""
    weights = _shaped(operation, stored.weights, keys)
    if operation == "linear":
        rows, columns, channels = pooled
        if weights.shape[1] != rows * columns * channels:
            have, wanted = weights.shape[1], rows * columns * channels
            reason = f"has weights for {have} inputs, gets {wanted}"
            raise UserError(f"layer {stored.name}", reason, "give the right sample")
        return weights.reshape(-1, channels, rows, columns).transpose(0, 2, 3, 1)
    if operation == "conv1d":
        return weights.transpose(0, 2, 1)[:, :, None, :]
    return weights.transpose(1, 2, 3, 0) if operation == "convtranspose2d" else weights.transpose(0, 2, 3, 1)


def _shaped(operation: str, weights: np.ndarray, keys: LayerKeys) -> np.ndarray:
    """Return `weights` with the dimensions of `operation`; a kernel of one pixel may be stored without its sides."""
    wanted = _DIMENSIONS[operation]
    if all(side == 1 for side in weights.shape[min(2, wanted) :]):
        weights = weights.reshape(*weights.shape[:2], *([1] * (wanted - 2)))
    if weights.ndim != wanted or not weights.size:
        raise keys.wrong(f"is a {operation} and has weights {weights.shape}", "give files that belong together")
    kernel = (*weights.shape[2:], 1, 1)[:2]
    if (given := keys.kernel_size(keys.operation)) not in (kernel, (0, 0)):
        sizes = ["x".join(map(str, size)) for size in (given, kernel)]
        raise keys.wrong(f"has kernel_size {sizes[0]}, its weights {sizes[1]}", "give files that belong together")
    return weights


def _as_s8(values: np.ndarray, name: str) -> np.ndarray:
    if values.size and not -128 <= values.min() <= values.max() <= 127:
        raise UserError(f"layer {name}", "has biases outside -128..127", "quantise the checkpoint again")
    return np.ascontiguousarray(values.astype(np.int8))
