"""A network of every kind of operator in a row, from one input to one output, as a TFLite file."""

from dataclasses import dataclass, replace

import numpy as np
from random_draft import Draft, byte, number

from microface.network.convert.tflite.build import Scalar


@dataclass
class Chain:
    """A draft whose last tensor is `end`."""

    draft: Draft
    end: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self.draft.tensors[self.end].shape

    @property
    def scale(self) -> float:
        return self.draft.tensors[self.end].scales[0]

    def add(self, name: str, shape, more=(), options=None, scale: float = 0.0) -> "Chain":
        """Append an operator on the end (and `more` inputs); without a scale the quantisation stays."""
        before = self.end
        self.end = self.draft.activation(shape, scale) if scale else self.draft.like(before, shape)
        self.draft.emit(name, (before, *more), (self.end,), options)
        return self

    def weighted(self, name: str, shape, size, kernel, options) -> "Chain":
        """Append a layer with weights whose outputs fill their range."""
        axis = 3 if name.startswith("D") else 0
        outputs, inner = kernel[axis], int(np.prod(kernel)) // kernel[axis]
        scales = np.full(outputs, 0.005, np.float32)
        data = self.draft.random.integers(-127, 128, kernel).astype(np.int8)
        weights = self.draft.constant(data, "int8", scales, [0] * outputs, axis)
        wide = self.draft.dtype == "int16"
        values = self.draft.random.integers(-900, 900, outputs).astype(np.int64 if wide else np.int32)
        bias = self.draft.constant(values, "int64" if wide else "int32", self.scale * scales, [0] * outputs)
        return self.add(name, (*shape[:-1], outputs), (weights, bias), options, self.scale * 0.3 * inner**0.5)


def whole_network(dtype: str, seed: int = 0) -> Draft:
    """Return the file as a draft, of activations of `dtype`."""
    draft = Draft(np.random.default_rng(seed), dtype)
    start = 0.02 if dtype == "int8" else 0.0001
    chain = Chain(draft, draft.input((1, 12, 10, 3), start, 0))
    window = {0: byte(0), 1: number(1), 2: number(1)}
    chain.weighted("CONV_2D", (1, 12, 10, 8), 3, (8, 3, 3, 3), window | {3: byte(1)})
    chain.weighted("DEPTHWISE_CONV_2D", (1, 12, 10, 8), 3, (1, 3, 3, 8), window | {3: number(1), 4: byte(0)})
    branch = chain.end
    chain.weighted("CONV_2D", (1, 12, 10, 8), 1, (8, 1, 1, 8), window | {3: byte(0)})
    chain.add("ADD", chain.shape, (branch,), {0: byte(0), 1: Scalar("B", 0)}, 1.3 * chain.scale)
    chain.add("LEAKY_RELU", chain.shape, (), {0: Scalar("f", 0.1)}, chain.scale * 0.9)
    gate = chain.end
    chain.add("LOGISTIC", chain.shape)
    draft.tensors[chain.end] = _fixed(draft, chain.end, (1 / 256, -128) if dtype == "int8" else (1 / 32768, 0))
    chain.add("MUL", chain.shape, (gate,), {0: byte(0)}, draft.tensors[gate].scales[0])
    pool = {0: byte(0), 1: number(2), 2: number(2), 3: number(2), 4: number(2), 5: byte(0)}
    chain.add("MAX_POOL_2D", (1, 6, 5, 8), (), pool)
    pads = draft.constant(np.array([[0, 0], [1, 0], [1, 1], [0, 0]], np.int32), "int32")
    chain.add("PAD", (1, 7, 7, 8), (pads,))
    chain.add("AVERAGE_POOL_2D", (1, 4, 4, 8), (), pool)
    chain.add("RESIZE_BILINEAR", (1, 6, 6, 8), (draft.integers(6, 6),), {2: Scalar("B", 0), 3: Scalar("B", 1)})
    small = chain.end
    cut = tuple(draft.integers(*values) for values in ((0, 1, 0, 0), (1, 5, 6, 8), (1, 2, 1, 1)))
    chain.add("STRIDED_SLICE", (1, 2, 6, 8), cut, {0: number(0), 1: number(0)})
    chain.add("CONCATENATION", (1, 8, 6, 8), (small,), {0: number(1), 1: byte(0)})
    chain.add("TRANSPOSE", (1, 6, 8, 8), (draft.integers(0, 2, 1, 3),))
    chain.add("RESIZE_NEAREST_NEIGHBOR", (1, 4, 4, 8), (draft.integers(4, 4),))
    chain.add("QUANTIZE", chain.shape, (), None, chain.scale * 1.1)
    chain.add("TANH", chain.shape)
    draft.tensors[chain.end] = _fixed(draft, chain.end, (1 / 128, 0) if dtype == "int8" else (1 / 32768, 0))
    chain.add("MEAN", (1, 8), (draft.integers(1, 2),), {0: Scalar("B", 0)}, chain.scale * 0.8)
    chain.weighted("FULLY_CONNECTED", (1, 6), 1, (6, 8), {0: byte(0), 2: Scalar("B", 1)})
    chain.add("SOFTMAX", (1, 6), (), {0: Scalar("f", 1.0)})
    draft.tensors[chain.end] = _fixed(draft, chain.end, (1 / 256, -128) if dtype == "int8" else (1 / 32768, 0))
    return draft


def several_ports(dtype: str, seed: int = 0) -> Draft:
    """Return a file of two inputs and three outputs, one of which the next operator reads too."""
    draft = Draft(np.random.default_rng(seed), dtype)
    start = 0.02 if dtype == "int8" else 0.0001
    left, right = (draft.input((1, 6, 5, channels), start * channels, 0) for channels in (2, 3))
    options = {0: byte(0), 1: number(1), 2: number(1), 3: byte(1)}
    first = Chain(draft, left).weighted("CONV_2D", (1, 6, 5, 4), 3, (4, 3, 3, 2), options)
    second = Chain(draft, right).weighted("CONV_2D", (1, 6, 5, 4), 1, (4, 1, 1, 3), options)
    first.add("ADD", first.shape, (second.end,), {0: byte(0), 1: Scalar("B", 0)}, 1.4 * first.scale)
    parts = [draft.like(first.end, (1, 6, 5, 2)) for _ in range(2)]
    draft.emit("SPLIT", (draft.integers(3), first.end), parts, {0: number(2)})
    draft.outputs = [parts[1], first.end, parts[0]]
    return draft


def _fixed(draft: Draft, number: int, quantisation: tuple[float, int]):
    """Return the tensor with the scale and zero point that its operator must have."""

    scale, zero_point = quantisation
    return replace(draft.tensors[number], scales=[scale], zero_points=[zero_point])
