"""Random files of the operators that move values."""

import numpy as np
from random_draft import Draft, Maker, byte, image, number

from microface.network.convert.tflite.build import Vector


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
            value = np.array([draft.number(-128, 127)], draft.dtype)
            inputs.append(draft.constant(value, draft.dtype, given.scales, given.zero_points))
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
        if sources and draft.pick("constant input", [False, False, True]):
            sources.append(draft.fixed(tuple(shape), scale, zero))
        else:
            sources.append(draft.input(tuple(shape), scale, zero))
    if draft.random.integers(2):
        sources.reverse()
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
