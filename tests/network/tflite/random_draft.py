"""A random TFLite file in the making, by our own writer."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from microface.network.convert.tflite.build import Scalar, Value
from microface.network.convert.tflite.write import OutModel, OutOperator, OutTensor

EXTREMES = (-128, -127, -1, 0, 1, 5, 127)


@dataclass
class Draft:
    """A file in the making, of activations of `dtype`; `options` counts what it uses.

    Weights may have 4 bits unless `four_bits` is False.
    """

    random: np.random.Generator
    dtype: str = "int8"
    four_bits: bool = True
    tensors: list[OutTensor] = field(default_factory=list)
    operators: list[OutOperator] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    def pick(self, option: str, choices: list):
        """Draw one of `choices`, and note it."""
        chosen = choices[int(self.random.integers(len(choices)))]
        self.options.append(f"{option}={chosen}")
        return chosen

    def number(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def scale(self, low: float = 0.01, high: float = 0.2) -> float:
        return float(np.float32(np.exp(self.random.uniform(np.log(low), np.log(high)))))

    def zero_point(self, dtype: str = "") -> int:
        if (dtype or self.dtype) != "int8":
            return 0
        if self.pick("zero point", ["extreme", "any"]) == "extreme":
            return int(self.random.choice(EXTREMES))
        return self.number(-128, 127)

    def activation(self, shape: tuple[int, ...], scale: float = 0.0, zero_point: int | None = None, dtype="") -> int:
        """Add a tensor that is computed; return its number."""
        dtype = dtype or self.dtype
        zero = self.zero_point(dtype) if zero_point is None else zero_point
        name = f"t{len(self.tensors)}"
        self.tensors.append(OutTensor(name, shape, dtype, [scale or self.scale()], [zero]))
        return len(self.tensors) - 1

    def input(self, shape: tuple[int, ...], scale: float = 0.0, zero_point: int | None = None, dtype="") -> int:
        number = self.activation(shape, scale, zero_point, dtype)
        self.inputs.append(number)
        return number

    def constant(self, data: np.ndarray, dtype: str, scales=(), zero_points=(), axis: int = 0) -> int:
        name = f"c{len(self.tensors)}"
        self.tensors.append(OutTensor(name, data.shape, dtype, scales, zero_points, axis, data))
        return len(self.tensors) - 1

    def fixed(self, shape: tuple[int, ...], scale: float = 0.0, zero_point: int | None = None) -> int:
        """Add a constant of the activations' type, of any integers."""
        bounds, zero = np.iinfo(self.dtype), self.zero_point() if zero_point is None else zero_point
        data = self.random.integers(bounds.min, bounds.max + 1, shape).astype(self.dtype)
        return self.constant(data, self.dtype, [scale or self.scale()], [zero])

    def integers(self, *values: int) -> int:
        return self.constant(np.array(values, np.int32), "int32")

    def like(self, number: int, shape: tuple[int, ...]) -> int:
        """Add a tensor with the quantisation of another."""
        given = self.tensors[number]
        return self.activation(shape, given.scales[0], given.zero_points[0], given.dtype)

    def emit(self, name: str, inputs, outputs, options: dict[int, Value] | None = None) -> None:
        self.operators.append(OutOperator(name, tuple(inputs), tuple(outputs), options or {}))
        self.outputs = list(outputs)

    def model(self) -> OutModel:
        return OutModel(self.tensors, self.operators, self.inputs, self.outputs)

    def values(self) -> dict[int, np.ndarray]:
        """Draw values for the inputs."""
        return {number: self._draw(self.tensors[number]) for number in self.inputs}

    def _draw(self, tensor: OutTensor) -> np.ndarray:
        if tensor.dtype == "float32":
            return self.random.normal(0, 2, tensor.shape).astype(np.float32)
        bounds = np.iinfo(tensor.dtype)
        if self.random.random() < 0.3:
            return self.random.choice(np.array([bounds.min, bounds.max], tensor.dtype), tensor.shape)
        return self.random.integers(bounds.min, bounds.max + 1, tensor.shape).astype(tensor.dtype)


FUSED = [0, 0, 1, 2, 3]
Maker = Callable[[Draft], None]


def byte(value: int) -> Scalar:
    return Scalar("b", int(value))


def number(value: int) -> Scalar:
    return Scalar("i", int(value))


def flag(value: bool) -> Scalar:
    return Scalar("B", int(value))


def image(draft: Draft, least: int = 1) -> tuple[int, int, int, int]:
    return 1, draft.number(least, 9), draft.number(least, 9), draft.number(1, 9)


def window_output(draft: Draft, shape, size, stride, dilation) -> tuple[int, int, int]:
    """Draw the padding; return it with the output's rows and columns."""
    extent = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    fits = shape[1] >= extent[0] and shape[2] >= extent[1]
    padding = draft.pick("padding", ["SAME", "VALID"] if fits else ["SAME"])
    if padding == "SAME":
        return 0, -(-shape[1] // stride[0]), -(-shape[2] // stride[1])
    return 1, (shape[1] - extent[0]) // stride[0] + 1, (shape[2] - extent[1]) // stride[1] + 1


def weight_tensors(draft: Draft, shape, outputs: int, axis: int, source: int, bias_from: int, per_channel=(1, 0)):
    """Add weights and bias; return their numbers and the output scale that keeps values in range."""
    channels = draft.pick("per_channel", [bool(each) for each in per_channel])
    count = outputs if channels else 1
    four = draft.tensors[source].dtype == "int8" and draft.four_bits
    kinds = ["int8", "int8", "int8", "int4"] if four else ["int8"]
    four = draft.pick("weights", kinds) == "int4"
    sums = draft.pick("sums", ["usual", "usual", "halves", "silent channel"])
    reach = 2 if sums == "halves" else 7 if four else 127
    data = draft.random.integers(-reach, reach + 1, shape).astype(np.int8)
    scales = np.exp(draft.random.uniform(np.log(0.0005), np.log(0.02), count)).astype(np.float32)
    if sums == "silent channel":
        scales[0] = 1e-12 if channels else scales[0]
    if sums == "halves":
        scales[:] = 1.0
    slip = (
        draft.number(0, 3) if not channels and draft.pick("quantized_dimension", ["right", "slip"]) == "slip" else axis
    )
    packed = pack4(data) if four else data
    weights = draft.constant(data, "int4" if four else "int8", scales, [0] * count, min(slip, len(shape) - 1))
    if four:
        draft.tensors[weights] = OutTensor("w4", shape, "int4", scales, [0] * count, axis, packed)
    kind = draft.pick("bias", ["yes", "yes", "none"])
    bias = -1
    if kind == "yes":
        values = (
            draft.random.integers(-9, 9, outputs) if sums == "halves" else draft.random.integers(-2000, 2000, outputs)
        )
        wide = draft.tensors[source].dtype == "int16" and draft.pick("bias type", [64]) == 64
        biased = draft.tensors[source].scales[0] * scales
        bias = draft.constant(
            values.astype(np.int64 if wide else np.int32), "int64" if wide else "int32", biased, [0] * count
        )
    if sums == "halves":
        return weights, bias, draft.tensors[source].scales[0] * float(draft.random.choice([2, 4, 6, 10]))
    inner = int(np.prod(shape)) // outputs
    reach = 4.0 if four else 60.0
    target = draft.tensors[source].scales[0] * float(np.median(scales)) * reach * 70 * inner**0.5 / 100
    return weights, bias, target


def pack4(data: np.ndarray) -> np.ndarray:
    flat = data.reshape(-1).astype(np.int16) & 15
    flat = np.append(flat, np.zeros(len(flat) % 2, np.int16))
    return (flat[::2] | flat[1::2] << 4).astype(np.uint8)


def output_scale(draft: Draft, wanted: float) -> float:
    """Return a scale near `wanted`; exactly that where sums shall fall on halves."""
    if "sums=halves" in draft.options:
        return wanted
    return float(np.float32(wanted * np.exp(draft.random.uniform(-1, 1))))
