"""Random small TFLite files: every operator that is read, with every option, by our own writer."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from microface.network.convert.tflite.build import Scalar, Value, Vector
from microface.network.convert.tflite.write import OutModel, OutOperator, OutTensor

EXTREMES = (-128, -127, -1, 0, 1, 5, 127)


@dataclass
class Draft:
    """A file in the making; `options` counts what it uses."""

    random: np.random.Generator
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

    def zero_point(self, dtype: str = "int8") -> int:
        if dtype != "int8":
            return 0
        return int(self.random.choice(EXTREMES)) if self.random.random() < 0.4 else self.number(-128, 127)

    def activation(
        self, shape: tuple[int, ...], scale: float = 0.0, zero_point: int | None = None, dtype="int8"
    ) -> int:
        """Add a tensor that is computed; return its number."""
        zero = self.zero_point(dtype) if zero_point is None else zero_point
        name = f"t{len(self.tensors)}"
        self.tensors.append(OutTensor(name, shape, dtype, [scale or self.scale()], [zero]))
        return len(self.tensors) - 1

    def input(self, shape: tuple[int, ...], scale: float = 0.0, zero_point: int | None = None, dtype="int8") -> int:
        number = self.activation(shape, scale, zero_point, dtype)
        self.inputs.append(number)
        return number

    def constant(self, data: np.ndarray, dtype: str, scales=(), zero_points=(), axis: int = 0) -> int:
        name = f"c{len(self.tensors)}"
        self.tensors.append(OutTensor(name, data.shape, dtype, scales, zero_points, axis, data))
        return len(self.tensors) - 1

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
    kinds = ["int8", "int8", "int8", "int4"] if draft.tensors[source].dtype == "int8" else ["int8"]
    four = draft.pick("weights", kinds) == "int4"
    data = draft.random.integers(-7 if four else -127, 8 if four else 128, shape).astype(np.int8)
    scales = np.exp(draft.random.uniform(np.log(0.0005), np.log(0.02), count)).astype(np.float32)
    if channels and draft.random.random() < 0.1:
        scales[0] = 1e-12
    slip = draft.number(0, 3) if not channels and draft.random.random() < 0.3 else axis
    packed = pack4(data) if four else data
    weights = draft.constant(data, "int4" if four else "int8", scales, [0] * count, min(slip, len(shape) - 1))
    if four:
        draft.tensors[weights] = OutTensor("w4", shape, "int4", scales, [0] * count, axis, packed)
    kind = draft.pick("bias", ["yes", "yes", "none"] if len(shape) == 2 or axis == 3 else ["yes"])
    bias = -1
    if kind == "yes":
        values = draft.random.integers(-2000, 2000, outputs)
        wide = draft.tensors[source].dtype == "int16" and draft.pick("bias type", [64]) == 64
        biased = draft.tensors[source].scales[0] * scales
        bias = draft.constant(
            values.astype(np.int64 if wide else np.int32), "int64" if wide else "int32", biased, [0] * count
        )
    inner = int(np.prod(shape)) // outputs
    reach = 4.0 if four else 60.0
    target = draft.tensors[source].scales[0] * float(np.median(scales)) * reach * 70 * inner**0.5 / 100
    return weights, bias, target


def pack4(data: np.ndarray) -> np.ndarray:
    flat = data.reshape(-1).astype(np.int16) & 15
    flat = np.append(flat, np.zeros(len(flat) % 2, np.int16))
    return (flat[::2] | flat[1::2] << 4).astype(np.uint8)


def output_scale(draft: Draft, wanted: float) -> float:
    return float(np.float32(wanted * np.exp(draft.random.uniform(-1, 1))))


def conv(draft: Draft, dtype: str = "int8") -> None:
    shape = image(draft)
    size, stride = (draft.number(1, 4), draft.number(1, 4)), (draft.number(1, 3), draft.number(1, 3))
    dilation = (
        (1, 1) if draft.pick("dilated", [False, False, True]) is False else (draft.number(1, 3), draft.number(1, 3))
    )
    padding, rows, columns = window_output(draft, shape, size, stride, dilation)
    outputs = draft.number(1, 8)
    groups = draft.pick("groups", [1, 1, 2]) if shape[3] % 2 == 0 and dtype == "int8" else 1
    outputs *= groups
    x = draft.input(shape, dtype=dtype)
    weights, bias, scale = weight_tensors(draft, (outputs, *size, shape[3] // groups), outputs, 0, x, 2)
    y = draft.activation((1, rows, columns, outputs), output_scale(draft, scale), dtype=dtype)
    fused = draft.pick("fused", FUSED)
    options = {0: byte(padding), 1: number(stride[1]), 2: number(stride[0]), 3: byte(fused)}
    options |= {4: number(dilation[1]), 5: number(dilation[0])}
    draft.emit("CONV_2D", (x, weights, bias) if bias >= 0 else (x, weights), (y,), options)


def depthwise(draft: Draft, dtype: str = "int8") -> None:
    shape = image(draft)
    size, stride = (draft.number(1, 4), draft.number(1, 4)), [(1, 1), (2, 2), (1, 1)][draft.number(0, 2)]
    dilation = (1, 1) if stride != (1, 1) else [(1, 1), (2, 2), (3, 1)][draft.number(0, 2)]
    padding, rows, columns = window_output(draft, shape, size, stride, dilation)
    multiplier = draft.pick("multiplier", [1, 1, 2, 3])
    outputs = shape[3] * multiplier
    x = draft.input(shape, dtype=dtype)
    weights, bias, scale = weight_tensors(draft, (1, *size, outputs), outputs, 3, x, 2)
    y = draft.activation((1, rows, columns, outputs), output_scale(draft, scale), dtype=dtype)
    options = {0: byte(padding), 1: number(stride[1]), 2: number(stride[0]), 3: number(multiplier)}
    options |= {4: byte(draft.pick("fused", FUSED)), 5: number(dilation[1]), 6: number(dilation[0])}
    draft.emit("DEPTHWISE_CONV_2D", (x, weights, bias) if bias >= 0 else (x, weights), (y,), options)


def dense(draft: Draft, dtype: str = "int8") -> None:
    inputs, outputs, rows = draft.number(1, 40), draft.number(1, 12), draft.pick("rows", [1, 1, 3])
    keep = draft.pick("keep_num_dims", [False, True])
    shape = (1, rows, inputs) if rows > 1 else (1, inputs)
    x = draft.input(shape, dtype=dtype)
    weights, bias, scale = weight_tensors(draft, (outputs, inputs), outputs, 0, x, 2)
    result = (*shape[:-1], outputs) if keep else (rows, outputs)
    y = draft.activation(result, output_scale(draft, scale), dtype=dtype)
    options = {0: byte(draft.pick("fused", FUSED)), 2: flag(keep)}
    draft.emit("FULLY_CONNECTED", (x, weights, bias), (y,), options)


def pool(name: str, dtype: str = "int8") -> Maker:
    def make(draft: Draft) -> None:
        shape = image(draft)
        size, stride = (draft.number(1, 4), draft.number(1, 4)), (draft.number(1, 3), draft.number(1, 3))
        padding, rows, columns = window_output(draft, shape, size, stride, (1, 1))
        x = draft.input(shape, dtype=dtype)
        y = draft.like(x, (1, rows, columns, shape[3]))
        options = {0: byte(padding), 1: number(stride[1]), 2: number(stride[0]), 3: number(size[1]), 4: number(size[0])}
        fused = draft.pick("fused", FUSED if dtype == "int8" or name[0] == "A" else [0])
        draft.emit(name, (x,), (y,), options | {5: byte(fused)})

    return make


def binary(name: str, dtype: str = "int8") -> Maker:
    def make(draft: Draft) -> None:
        shape = image(draft)
        kind = draft.pick("operands", ["same", "same", "channels", "scalar", "constant", "constant channels"])
        other = {"channels": (1, 1, 1, shape[3]), "scalar": (1, 1, 1, 1), "constant channels": (shape[3],)}.get(
            kind, shape
        )
        swap = draft.pick("swapped", [False, True]) and not (name == "SUB" and kind.startswith("constant"))
        a = draft.input(shape, dtype=dtype)
        if kind.startswith("constant"):
            bounds = np.iinfo(dtype)
            data = draft.random.integers(bounds.min, bounds.max + 1, other).astype(dtype)
            b = draft.constant(data, dtype, [draft.scale()], [draft.zero_point(dtype)])
        else:
            b = draft.input(other, dtype=dtype)
        reach = max(draft.tensors[n].scales[0] for n in (a, b))
        if name == "MUL":
            reach = draft.tensors[a].scales[0] * draft.tensors[b].scales[0] * (60 if dtype == "int8" else 16000)
        y = draft.activation(shape, output_scale(draft, reach), dtype=dtype)
        options = {0: byte(draft.pick("fused", FUSED))}
        options |= {} if name == "MUL" else {1: flag(False)}
        draft.emit(name, (b, a) if swap else (a, b), (y,), options)

    return make


def mean(draft: Draft, dtype: str = "int8") -> None:
    shape = image(draft)
    axes = draft.pick("axes", [(1, 2), (2, 1), (1,), (3,), (1, 2, 3), (-2, -3)])
    keep = draft.pick("keep_dims", [False, True])
    named = {axis % 4 for axis in axes}
    result = tuple(1 if axis in named else n for axis, n in enumerate(shape) if keep or axis not in named)
    x = draft.input(shape, dtype=dtype)
    same = draft.pick("same scale", [False, False, True])
    y = (
        draft.like(x, result)
        if same
        else draft.activation(result, output_scale(draft, draft.tensors[x].scales[0]), dtype=dtype)
    )
    draft.emit("MEAN", (x, draft.integers(*axes)), (y,), {0: flag(keep)})


def pad(name: str) -> Maker:
    def make(draft: Draft) -> None:
        shape = image(draft)
        sides = [(0, 0), *((draft.number(0, 3), draft.number(0, 3)) for _ in range(3))]
        if draft.pick("pads channels", [False, True]) is False:
            sides[3] = (0, 0)
        x = draft.input(shape)
        y = draft.like(x, tuple(n + a + b for n, (a, b) in zip(shape, sides, strict=True)))
        table = draft.constant(np.array(sides, np.int32), "int32")
        inputs = [x, table]
        if name == "PADV2":
            given = draft.tensors[x]
            inputs.append(
                draft.constant(np.array([draft.number(-128, 127)], np.int8), "int8", given.scales, given.zero_points)
            )
        draft.emit(name, inputs, (y,))

    return make


def reshape(draft: Draft) -> None:
    shape = image(draft)
    x = draft.input(shape)
    count = int(np.prod(shape))
    result = draft.pick("to", ["flat", "rows", "vector"])
    target = {"flat": (1, count), "rows": (1, shape[1], shape[2] * shape[3]), "vector": (count,)}[result]
    y = draft.like(x, target)
    draft.emit("RESHAPE", (x, draft.integers(*target)), (y,), {0: Vector(np.array(target, np.int32))})


def squeeze(draft: Draft) -> None:
    channels = draft.number(1, 9)
    x = draft.input((1, 1, draft.number(2, 5), channels))
    shape = draft.tensors[x].shape
    y = draft.like(x, (1, *shape[2:]))
    draft.emit("SQUEEZE", (x,), (y,), {0: Vector(np.array([1], np.int32))})


def expand_dims(draft: Draft) -> None:
    x = draft.input((1, draft.number(1, 5), draft.number(1, 9)))
    shape = draft.tensors[x].shape
    axis = draft.pick("axis", [1, 2, -1])
    result = list(shape)
    result.insert(axis % 4, 1)
    y = draft.like(x, tuple(result))
    draft.emit("EXPAND_DIMS", (x, draft.integers(axis)), (y,))


def transpose(draft: Draft) -> None:
    kind = draft.pick("order", ["vanishes", "columns first", "channels first", "any"])
    shape = (1, 1, draft.number(1, 6), draft.number(1, 6)) if kind == "vanishes" else image(draft)
    order = {"vanishes": (0, 2, 1, 3), "columns first": (0, 2, 1, 3), "channels first": (0, 3, 1, 2)}.get(
        kind, (0, 3, 2, 1)
    )
    x = draft.input(shape)
    y = draft.like(x, tuple(shape[axis] for axis in order))
    draft.emit("TRANSPOSE", (x, draft.integers(*order)), (y,))


def concatenation(draft: Draft) -> None:
    shape, axis = list(image(draft)), draft.pick("axis", [1, 2, 3, -1, -2])
    count = draft.pick("inputs", [2, 3, 4])
    scale, zero = draft.scale(), draft.zero_point()
    sources = []
    for _ in range(count):
        shape[axis % 4] = draft.number(1, 5)
        sources.append(draft.input(tuple(shape), scale, zero))
    shape[axis % 4] = sum(draft.tensors[n].shape[axis % 4] for n in sources)
    y = draft.like(sources[0], tuple(shape))
    draft.emit("CONCATENATION", sources, (y,), {0: number(axis), 1: byte(0)})


def split(draft: Draft) -> None:
    parts, axis = draft.pick("parts", [1, 2, 3]), draft.pick("axis", [1, 2, 3, -1])
    shape = list(image(draft))
    shape[axis % 4] = parts * draft.number(1, 3)
    x = draft.input(tuple(shape))
    shape[axis % 4] //= parts
    outputs = [draft.like(x, tuple(shape)) for _ in range(parts)]
    draft.emit("SPLIT", (draft.integers(axis), x), outputs, {0: number(parts)})


def split_v(draft: Draft) -> None:
    axis = draft.pick("axis", [1, 2, 3, -1])
    sizes = [draft.number(1, 4) for _ in range(draft.number(1, 3))]
    shape = list(image(draft))
    shape[axis % 4] = sum(sizes)
    x = draft.input(tuple(shape))
    outputs = []
    for size in sizes:
        shape[axis % 4] = size
        outputs.append(draft.like(x, tuple(shape)))
    draft.emit("SPLIT_V", (x, draft.integers(*sizes), draft.integers(axis)), outputs, {0: number(len(sizes))})


def slice_part(draft: Draft) -> None:
    shape = image(draft)
    begins = [0, *(draft.number(0, n - 1) for n in shape[1:])]
    sizes = [1, *(draft.number(1, n - b) for n, b in zip(shape[1:], begins[1:], strict=True))]
    x = draft.input(shape)
    y = draft.like(x, tuple(sizes))
    draft.emit("SLICE", (x, draft.integers(*begins), draft.integers(*sizes)), (y,))


def strided_slice(draft: Draft) -> None:
    shape = image(draft)
    strides = [1, *(draft.number(1, 3) for _ in range(3))]
    if draft.pick("negative", [False, True]):
        strides[2] = -strides[2]
    begins = [0, *(draft.number(0, n - 1) for n in shape[1:])]
    ends = [1, *(draft.number(b + 1, n) for b, n in zip(begins[1:], shape[1:], strict=True))]
    if strides[2] < 0:
        begins[2], ends[2] = shape[2] - 1, draft.number(0, shape[2] - 1) - shape[2] - 1
    masks = {"begin": draft.pick("begin mask", [0, 2, 8]), "end": draft.pick("end mask", [0, 4, 8])}
    shrink = draft.pick("shrink", [0, 0, 2])
    result = []
    for axis, size in enumerate(shape):
        part = slice(
            None if masks["begin"] >> axis & 1 else begins[axis],
            None if masks["end"] >> axis & 1 else ends[axis],
            strides[axis],
        )
        if shrink >> axis & 1:
            strides[axis] = 1
            continue
        result.append(len(range(*part.indices(size))))
    x = draft.input(shape)
    y = draft.like(x, tuple(result))
    options = {0: number(masks["begin"]), 1: number(masks["end"]), 4: number(shrink)}
    draft.emit("STRIDED_SLICE", (x, *(draft.integers(*each) for each in (begins, ends, strides))), (y,), options)


def resize(name: str) -> Maker:
    def make(draft: Draft) -> None:
        shape = image(draft)
        size = draft.number(1, 12), draft.number(1, 12)
        corners = draft.pick("corners", ["none", "align_corners", "half_pixel_centers"])
        x = draft.input(shape)
        y = draft.like(x, (1, *size, shape[3]))
        first = 0 if name.endswith("NEIGHBOR") else 2
        options = {first: flag(corners == "align_corners"), first + 1: flag(corners == "half_pixel_centers")}
        draft.emit(name, (x, draft.integers(*size)), (y,), options)

    return make


def unary(name: str) -> Maker:
    def make(draft: Draft) -> None:
        x = draft.input(image(draft))
        shape = draft.tensors[x].shape
        fixed = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
        scale, zero = fixed.get(name, (draft.scale(0.02, 0.3), None))
        y = draft.activation(shape, scale, zero)
        options = {0: Scalar("f", draft.pick("alpha", [0.0, 0.01, 0.1, 0.3]))} if name == "LEAKY_RELU" else {}
        draft.emit(name, (x,), (y,), options)

    return make


def prelu(draft: Draft) -> None:
    shape = image(draft)
    x = draft.input(shape)
    kind = draft.pick("slopes", ["channels", "all"])
    other = (1, 1, shape[3]) if kind == "channels" else shape[1:]
    data = draft.random.integers(-128, 128, other).astype(np.int8)
    slopes = draft.constant(data, "int8", [draft.scale(0.001, 0.01)], [draft.zero_point()])
    y = draft.activation(shape, output_scale(draft, draft.tensors[x].scales[0]))
    draft.emit("PRELU", (x, slopes), (y,))


def softmax(draft: Draft) -> None:
    shape = draft.pick("rank", [(1, 7), (1, 3, 5), (1, 2, 3, 4)])
    x = draft.input(shape)
    y = draft.activation(shape, 1 / 256, -128)
    draft.emit("SOFTMAX", (x,), (y,), {0: Scalar("f", draft.pick("beta", [1.0, 0.5, 2.0]))})


def quantize(draft: Draft) -> None:
    kinds = [("int8", "int8"), ("int8", "int8"), ("int16", "int8"), ("int8", "int16"), ("int16", "int16")]
    before, after = draft.pick("types", kinds)
    x = draft.input(image(draft), dtype=before, scale=draft.scale() / (1 if before == "int8" else 256))
    wanted = draft.tensors[x].scales[0] * {("int16", "int8"): 256, ("int8", "int16"): 1 / 256}.get((before, after), 1)
    y = draft.activation(draft.tensors[x].shape, output_scale(draft, wanted), dtype=after)
    draft.emit("QUANTIZE", (x,), (y,))


def borders(draft: Draft) -> None:
    """Float input and output round a pool."""
    shape = image(draft)
    draft.tensors.append(OutTensor("float_in", shape, "float32"))
    draft.inputs = [0]
    x = draft.activation(shape)
    draft.emit("QUANTIZE", (0,), (x,))
    y = draft.like(x, shape)
    one = {0: byte(0), 1: number(1), 2: number(1), 3: number(2), 4: number(2), 5: byte(0)}
    draft.emit("MAX_POOL_2D", (x,), (y,), one)
    draft.tensors.append(OutTensor("float_out", shape, "float32"))
    draft.emit("DEQUANTIZE", (y,), (len(draft.tensors) - 1,))


MAKERS: dict[str, Maker] = {
    "CONV_2D": conv,
    "DEPTHWISE_CONV_2D": depthwise,
    "FULLY_CONNECTED": dense,
    "ADD": binary("ADD"),
    "SUB": binary("SUB"),
    "MUL": binary("MUL"),
    "AVERAGE_POOL_2D": pool("AVERAGE_POOL_2D"),
    "MAX_POOL_2D": pool("MAX_POOL_2D"),
    "MEAN": mean,
    "PAD": pad("PAD"),
    "PADV2": pad("PADV2"),
    "RESHAPE": reshape,
    "SQUEEZE": squeeze,
    "EXPAND_DIMS": expand_dims,
    "TRANSPOSE": transpose,
    "CONCATENATION": concatenation,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SLICE": slice_part,
    "STRIDED_SLICE": strided_slice,
    "RESIZE_NEAREST_NEIGHBOR": resize("RESIZE_NEAREST_NEIGHBOR"),
    "RESIZE_BILINEAR": resize("RESIZE_BILINEAR"),
    "LOGISTIC": unary("LOGISTIC"),
    "TANH": unary("TANH"),
    "RELU": unary("RELU"),
    "RELU6": unary("RELU6"),
    "RELU_N1_TO_1": unary("RELU_N1_TO_1"),
    "LEAKY_RELU": unary("LEAKY_RELU"),
    "HARD_SWISH": unary("HARD_SWISH"),
    "PRELU": prelu,
    "SOFTMAX": softmax,
    "QUANTIZE": quantize,
    "QUANTIZE/DEQUANTIZE borders": borders,
    "CONV_2D int16": lambda draft: conv(draft, "int16"),
    "DEPTHWISE_CONV_2D int16": lambda draft: depthwise(draft, "int16"),
    "FULLY_CONNECTED int16": lambda draft: dense(draft, "int16"),
    "ADD int16": binary("ADD", "int16"),
    "SUB int16": binary("SUB", "int16"),
    "MUL int16": binary("MUL", "int16"),
    "AVERAGE_POOL_2D int16": pool("AVERAGE_POOL_2D", "int16"),
    "MAX_POOL_2D int16": pool("MAX_POOL_2D", "int16"),
    "MEAN int16": lambda draft: mean(draft, "int16"),
}


def draft_of(name: str, seed: int) -> Draft:
    """Return the random file number `seed` of the operator `name`."""
    draft = Draft(np.random.default_rng([seed, *name.encode()]))
    MAKERS[name](draft)
    return draft
