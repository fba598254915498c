"""Random small TFLite files: every operator that is read, with every option."""

from dataclasses import replace

import numpy as np
from random_bytes import unsigned
from random_draft import FUSED, Draft, Maker, byte, flag, image, number, output_scale, weight_tensors, window_output
from random_moves import (
    concatenation,
    expand_dims,
    pad,
    reshape,
    slice_part,
    split,
    split_v,
    squeeze,
    strided_slice,
    transpose,
)

from microface.network.convert.tflite.build import Scalar, Vector
from microface.network.convert.tflite.write import OutTensor


def conv(draft: Draft) -> None:
    shape = image(draft)
    size, stride = (draft.number(1, 4), draft.number(1, 4)), (draft.number(1, 3), draft.number(1, 3))
    dilation = (
        (1, 1) if draft.pick("dilated", [False, False, True]) is False else (draft.number(1, 3), draft.number(1, 3))
    )
    padding, rows, columns = window_output(draft, shape, size, stride, dilation)
    outputs = draft.number(1, 8)
    groups = draft.pick("groups", [1, 1, 2]) if shape[3] % 2 == 0 and draft.dtype == "int8" else 1
    outputs *= groups
    x = draft.input(shape)
    weights, bias, scale = weight_tensors(draft, (outputs, *size, shape[3] // groups), outputs, 0, x, 2)
    y = draft.activation((1, rows, columns, outputs), output_scale(draft, scale))
    fused = draft.pick("fused", FUSED)
    options = {0: byte(padding), 1: number(stride[1]), 2: number(stride[0]), 3: byte(fused)}
    options |= {4: number(dilation[1]), 5: number(dilation[0])}
    draft.emit("CONV_2D", (x, weights, bias) if bias >= 0 else (x, weights), (y,), options)


def depthwise(draft: Draft) -> None:
    shape = image(draft)
    size, stride = (draft.number(1, 4), draft.number(1, 4)), [(1, 1), (2, 2), (1, 1)][draft.number(0, 2)]
    dilation = (1, 1) if stride != (1, 1) else [(1, 1), (2, 2), (3, 1)][draft.number(0, 2)]
    padding, rows, columns = window_output(draft, shape, size, stride, dilation)
    multiplier = draft.pick("multiplier", [1, 1, 2, 3])
    outputs = shape[3] * multiplier
    x = draft.input(shape)
    weights, bias, scale = weight_tensors(draft, (1, *size, outputs), outputs, 3, x, 2)
    y = draft.activation((1, rows, columns, outputs), output_scale(draft, scale))
    options = {0: byte(padding), 1: number(stride[1]), 2: number(stride[0]), 3: number(multiplier)}
    options |= {4: byte(draft.pick("fused", FUSED)), 5: number(dilation[1]), 6: number(dilation[0])}
    draft.emit("DEPTHWISE_CONV_2D", (x, weights, bias) if bias >= 0 else (x, weights), (y,), options)


def dense(draft: Draft) -> None:
    inputs, outputs, rows = draft.number(1, 40), draft.number(1, 12), draft.pick("rows", [1, 1, 3])
    keep = draft.pick("keep_num_dims", [False, True])
    shape = (1, rows, inputs) if rows > 1 else (1, inputs)
    x = draft.input(shape)
    weights, bias, scale = weight_tensors(draft, (outputs, inputs), outputs, 0, x, 2)
    result = (*shape[:-1], outputs) if keep else (rows, outputs)
    y = draft.activation(result, output_scale(draft, scale))
    options = {0: byte(draft.pick("fused", FUSED)), 2: flag(keep)}
    draft.emit("FULLY_CONNECTED", (x, weights, bias), (y,), options)


def pool(name: str) -> Maker:
    def make(draft: Draft) -> None:
        shape = image(draft)
        size, stride = (draft.number(1, 4), draft.number(1, 4)), (draft.number(1, 3), draft.number(1, 3))
        padding, rows, columns = window_output(draft, shape, size, stride, (1, 1))
        x = draft.input(shape)
        y = draft.like(x, (1, rows, columns, shape[3]))
        options = {0: byte(padding), 1: number(stride[1]), 2: number(stride[0]), 3: number(size[1]), 4: number(size[0])}
        draft.emit(name, (x,), (y,), options | {5: byte(draft.pick("fused", FUSED))})

    return make


def binary(name: str) -> Maker:
    def make(draft: Draft) -> None:
        shape = image(draft)
        kind = draft.pick("operands", ["same", "same", "channels", "scalar", "constant", "constant channels"])
        other = {"channels": (1, 1, 1, shape[3]), "scalar": (1, 1, 1, 1), "constant channels": (shape[3],)}.get(
            kind, shape
        )
        swap = draft.pick("swapped", [False, True])
        a = draft.input(shape)
        b = draft.fixed(other) if kind.startswith("constant") else draft.input(other)
        reach = max(draft.tensors[n].scales[0] for n in (a, b))
        if name == "MUL":
            reach = draft.tensors[a].scales[0] * draft.tensors[b].scales[0] * (60 if draft.dtype == "int8" else 16000)
        y = draft.activation(shape, output_scale(draft, reach))
        options = {0: byte(draft.pick("fused", FUSED))}
        options |= {} if name == "MUL" else {1: flag(draft.pick("powers of two", [False, True]))}
        draft.emit(name, (b, a) if swap else (a, b), (y,), options)

    return make


def constants(draft: Draft) -> None:
    """What is computed of constants alone, an operator that reads it beside an input, and a constant output."""
    shape = image(draft)
    kind = draft.pick("computed of constants", ["nothing", "a sum", "rectified", "a reshape", "a part"])
    a, b = draft.fixed(shape), draft.fixed((1, 1, 1, shape[3]))
    scale = draft.tensors[a].scales[0]
    y = draft.activation(shape, scale * 1.5) if kind in ("a sum", "rectified") else draft.like(a, shape)
    if kind == "a sum":
        draft.emit("ADD", (a, b), (y,), {0: byte(0), 1: flag(False)})
    elif kind == "rectified":
        draft.emit("RELU", (a,), (y,))
    elif kind == "a reshape":
        draft.emit("RESHAPE", (a, draft.integers(*shape)), (y,), {0: Vector(np.array(shape, np.int32))})
    elif kind == "a part":
        draft.emit("SLICE", (a, draft.integers(0, 0, 0, 0), draft.integers(*shape)), (y,))
    else:
        y = a
    x = draft.input(shape, draft.tensors[y].scales[0], draft.tensors[y].zero_points[0])
    z = draft.like(y, (*shape[:3], 2 * shape[3]))
    draft.emit("CONCATENATION", (y, x), (z,), {0: number(3), 1: byte(0)})
    draft.outputs = [z, *([y] if draft.pick("constant output", [False, True]) else [])]


def mean(draft: Draft) -> None:
    shape = image(draft)
    axes = draft.pick("axes", [(1, 2), (2, 1), (1,), (3,), (1, 2, 3), (-2, -3)])
    keep = draft.pick("keep_dims", [False, True])
    named = {axis % 4 for axis in axes}
    result = tuple(1 if axis in named else n for axis, n in enumerate(shape) if keep or axis not in named)
    x = draft.input(shape)
    same = draft.pick("same scale", [False, False, True])
    y = draft.like(x, result) if same else draft.activation(result, output_scale(draft, draft.tensors[x].scales[0]))
    draft.emit("MEAN", (x, draft.integers(*axes)), (y,), {0: flag(keep)})


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


def wide_scale(draft: Draft) -> float:
    """Draw a scale of 16-bit values; at times one of those that TFLite treats apart."""
    if draft.pick("scale", ["any", "any", "power of two"]) == "power of two":
        return 2.0 ** -draft.number(10, 13)
    return float(np.float32(np.exp(draft.random.uniform(np.log(1e-5), np.log(1e-3)))))


def unary(name: str) -> Maker:
    def make(draft: Draft) -> None:
        x = draft.input(image(draft))
        shape = draft.tensors[x].shape
        fixed = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
        scale, zero = fixed.get(name, (draft.scale(0.02, 0.3), None))
        if draft.dtype == "int16":
            draft.tensors[x] = replace(draft.tensors[x], scales=[wide_scale(draft)])
            scale, zero = (1 / 32768 if name in fixed else wide_scale(draft)), 0
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
    wide = draft.dtype == "int16"
    x = draft.input(shape, wide_scale(draft) if wide else 0.0)
    y = draft.activation(shape, *((1 / 32768, 0) if wide else (1 / 256, -128)))
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


def byte_borders(draft: Draft) -> None:
    """uint8 input and output round a pool, as converters write them with inference_input_type = uint8."""
    shape = image(draft)
    moved = draft.pick("uint8 scale", ["same", "same", "another"]) == "same"
    scale, zero = draft.scale(), draft.number(0, 255)
    draft.input(shape, scale if moved else draft.scale(), zero if moved else draft.number(0, 255), "uint8")
    x = draft.activation(shape, scale, zero - 128)
    draft.emit("QUANTIZE", (0,), (x,))
    y = draft.like(x, shape)
    one = {0: byte(0), 1: number(1), 2: number(1), 3: number(2), 4: number(2), 5: byte(0)}
    draft.emit("MAX_POOL_2D", (x,), (y,), one)
    z = draft.activation(shape, scale if moved else draft.scale(), zero if moved else draft.number(0, 255), "uint8")
    draft.emit("QUANTIZE", (y,), (z,))


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
    "operators on constants": constants,
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
    "QUANTIZE of uint8 borders": byte_borders,
}
WIDE = (
    "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN",
    "operators on constants", "PAD", "PADV2", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "CONCATENATION",
    "SPLIT", "SPLIT_V", "SLICE", "STRIDED_SLICE", "RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR", "LOGISTIC", "TANH",
    "RELU", "RELU6", "LEAKY_RELU", "PRELU", "SOFTMAX",
)  # fmt: skip
"""Operators that LiteRT has for int16 activations, too."""
OLD = tuple(name for name in MAKERS if not name.startswith(("QUANTIZE", "RESIZE_BILINEAR")))
"""Operators that are read from files of uint8, too."""
NAMES = (*MAKERS, *(f"{name} int16" for name in WIDE), *(f"{name} uint8" for name in OLD))


def draft_of(name: str, seed: int) -> Draft:
    """Return the random file number `seed` of the operator `name`, of int16 or uint8 where the name says so."""
    old, wide = name.endswith(" uint8"), name.endswith(" int16")
    draft = Draft(np.random.default_rng([seed, *name.encode()]), "int16" if wide else "int8", four_bits=not old)
    MAKERS[name.removesuffix(" uint8").removesuffix(" int16")](draft)
    return unsigned(draft) if old else draft
