"""Slice, Split and Resize: parts of a value, and other sizes of it."""

from collections.abc import Callable, Sequence

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.convert import Conversion, Known, converts
from microface.network.convert.onnx.model import OnnxNode
from microface.network.convert.onnx.values import Affine, Dims, Pending, Value, moved
from microface.network.ops.tflite import ResizeBilinear, ResizeNearest, Slice
from microface.network.ops.window import Pair
from microface.network.tensors import Shape

_LARGEST = 1 << 14
_PLACES = {
    "align_corners": (True, False), "asymmetric": (False, False), "half_pixel": (False, True),
    "pytorch_half_pixel": (False, True),
}  # fmt: skip
"""How positions are counted, as our resizes say it: align_corners, half_pixel."""
_ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "floor": np.floor, "ceil": np.ceil, "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
}  # fmt: skip


@converts("Slice")
def slice_part(conversion: Conversion, node: OnnxNode) -> Known:
    """Starts, ends, axes and steps are constants (attributes before opset 10)."""
    return conversion.moved(node, lambda value: _sliced(conversion, node, value))


def _sliced(conversion: Conversion, node: OnnxNode, value: Value) -> Value:
    starts, ends = (_list(conversion, node, at, name, ()) for at, name in ((1, "starts"), (2, "ends")))
    axes = _list(conversion, node, 3, "axes", range(len(starts)))
    steps = _list(conversion, node, 4, "steps", [1] * len(starts))
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise UserError(node.where, "names axes without start, end or step", "export it again")
    parts = {
        axis % (len(value.dims) + 1): slice(start, end, step)
        for axis, start, end, step in zip(axes, starts, ends, steps, strict=True)
    }
    return _part(conversion, node, value, node.output, parts)


@converts("Split")
def split(conversion: Conversion, node: OnnxNode) -> list[Known]:
    """One part per output, equal ones unless sizes are given."""
    value, count = conversion.value(node), len(node.outputs)
    axis = node.integer("axis", 0) % (len(value.dims) + 1)
    whole = (1, *value.dims)[axis]
    equal = [min(-(-whole // count), whole - first) for first in range(0, whole, -(-whole // count))]
    sizes = _list(conversion, node, 1, "split", equal)
    if len(sizes) != count or sum(sizes) != whole or min(sizes) < 1:
        raise UserError(node.where, f"splits {whole} values into {sizes}", "export it again")
    begins = np.cumsum([0, *sizes])
    places = zip(node.outputs, begins, sizes, strict=False)
    return [
        _part(conversion, node, value, name, {axis: slice(int(begin), int(begin) + size, 1)})
        for name, begin, size in places
    ]


def _list(conversion: Conversion, node: OnnxNode, number: int, name: str, default: Sequence[int]) -> list[int]:
    """Return integers that are an input, or an attribute, or absent."""
    if node.input(number):
        return [int(each) for each in conversion.array(node, number).reshape(-1)]
    return list(node.integers(name, tuple(default)))


def _part(conversion: Conversion, node: OnnxNode, value: Value, name: str, parts: dict[int, slice]) -> Value:
    """Return the part of `value` that `parts` say for axes of the file, the batch being axis 0."""
    places = [_place(parts.get(axis + 1, slice(None)), size) for axis, size in enumerate(value.dims)]
    dims = tuple(count for _, _, count in places)
    if len(dims) not in (1, 3) or 0 in dims or _place(parts.get(0, slice(None)), 1) != (0, 1, 1):
        raise UserError(
            node.where, f"takes a part of sizes {[1, *value.dims]}", "keep the batch; slice images, vectors"
        )
    source = conversion.image(value, node.where) if len(dims) == 3 else conversion.flat(value)
    begin, step, count = (_ours([each[at] for each in places], at) for at in range(3))
    output = conversion.declare(name, count, Affine(source.scale, source.zero_point))
    conversion.emit(Slice(output.name, (source.name,), output.name, begin, step, count))
    return Value(output.name, dims)


def _place(part: slice, size: int) -> tuple[int, int, int]:
    """Return begin, step and count of a part of an axis; a whole one has step 1."""
    first, stop, step = part.indices(size)
    count = len(range(first, stop, step))
    return first, step if count > 1 else 1, count


def _ours(values: Sequence[int], missing: int) -> Shape:
    """Return a value per axis C, H, W, or of a vector, as rows, columns, channels; others are 0, 1, 1."""
    neutral = (0, 1, 1)[missing]
    return (values[1], values[2], values[0]) if len(values) == 3 else (neutral, neutral, values[0])


@converts("Resize")
def resize(conversion: Conversion, node: OnnxNode) -> Known:
    """Rows and columns, to the nearest value or by two-way interpolation, as our operators count positions."""
    given = conversion.known(node, 0)
    if isinstance(given, Pending) and node.attributes.get("mode", b"nearest") == b"nearest":
        return moved(given, lambda value: _resized(conversion, node, value))
    return _resized(conversion, node, conversion.value(node))


def _resized(conversion: Conversion, node: OnnxNode, value: Value) -> Value:
    source = conversion.image(value, node.where)
    size = _size(conversion, node, value.dims)
    mode, place = (node.attributes.get(name, default) for name, default in _MODES)
    if place not in _PLACES_OF_BYTES or mode not in (b"nearest", b"linear") or node.integer("antialias", 0):
        mend = "use nearest or linear, with half_pixel, asymmetric or align_corners"
        raise UserError(node.where, f"resizes by {mode!r}, {place!r}", mend)
    output = conversion.declare(node.output, (*size, source.shape[2]), Affine(source.scale, source.zero_point))
    names = (output.name, (source.name,), output.name)
    if mode == b"linear":
        conversion.emit(ResizeBilinear(*names, size, *_PLACES_OF_BYTES[place]))
    else:
        conversion.emit(_nearest(node, ResizeNearest(*names, size, False, False), source.shape))
    return Value(output.name, (source.shape[2], *size))


_MODES = (("mode", b"nearest"), ("coordinate_transformation_mode", b"half_pixel"))
_PLACES_OF_BYTES = {name.encode(): flags for name, flags in _PLACES.items()}


def _size(conversion: Conversion, node: OnnxNode, dims: Dims) -> Pair:
    """Return the output's rows and columns, by input 3 (sizes) or 2 (scales)."""
    if node.input(3):
        sizes = [int(each) for each in conversion.array(node, 3).reshape(-1)]
    else:
        scales = conversion.array(node, 2).reshape(-1).astype(np.float64)
        sizes = [int(each) for each in np.floor(scales * [1, *dims] + 1e-6)] if len(scales) == len(dims) + 1 else []
        if sizes and not np.allclose(np.array(sizes) / [1, *dims], scales, rtol=1e-5):
            raise UserError(node.where, f"scales {list(dims)} by {scales.tolist()}", "give whole sizes")
    if len(sizes) != 4 or sizes[:2] != [1, dims[0]] or not all(0 < each <= _LARGEST for each in sizes[2:]):
        raise UserError(node.where, f"makes sizes {sizes} of {[1, *dims]}", "resize rows and columns")
    return sizes[2], sizes[3]


def _nearest(node: OnnxNode, draft: ResizeNearest, source: Shape) -> ResizeNearest:
    """Return the resize that takes the very values that `node` takes."""
    place = node.attributes.get("coordinate_transformation_mode", b"half_pixel")
    rounding = node.attributes.get("nearest_mode", b"round_prefer_floor").decode(errors="replace")
    wanted = [_taken(draft.size[axis], source[axis], place, rounding) for axis in (0, 1)]
    for flags in set(_PLACES.values()):
        op = ResizeNearest(draft.name, draft.inputs, draft.output, draft.size, *flags)
        if all(np.array_equal(op.places(axis, source[axis]), wanted[axis]) for axis in (0, 1)):
            return op
    mend = "use asymmetric with floor, or half_pixel with round_prefer_ceil"
    raise UserError(node.where, f"rounds positions by {rounding}", mend)


def _taken(count: int, length: int, place: bytes, rounding: str) -> np.ndarray:
    """Return int64 [count]: which of `length` values each output takes, by ONNX's definition."""
    index = np.arange(count, dtype=np.float64)
    align, half = _PLACES_OF_BYTES[place]
    position = index * ((length - 1) / max(count - 1, 1)) if align else index * (length / count)
    if half:
        position = (index + 0.5) * (length / count) - 0.5
    return np.clip(_ROUNDINGS.get(rounding, np.floor)(position), 0, length - 1).astype(np.int64)
