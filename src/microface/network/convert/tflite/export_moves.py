"""RESHAPE, TRANSPOSE, PAD, SLICE, CONCATENATION, resizes: values move and stay as they are."""

from typing import cast

import numpy as np

from microface.network.convert.tflite.build import Scalar, Value
from microface.network.convert.tflite.export import DTYPES, Export, exports, sides_of, whole
from microface.network.convert.tflite.write import OutTensor
from microface.network.ops import Operator, Pad
from microface.network.ops.tflite import Constant, Fill, Join, ResizeBilinear, ResizeNearest, Slice, Transpose


@exports("flatten", "reshape")
def reshape(export: Export, op: Operator) -> None:
    """RESHAPE."""
    export.reshape(export.number(op.inputs[0]), export.number(op.output))


@exports("constant")
def constant(export: Export, op: Operator) -> None:
    """A tensor that nothing writes."""
    tensor, values = export.network.tensors[op.output], cast(Constant, op).values[None]
    scales, points = [float(np.float32(tensor.scale))], [tensor.zero_point]
    out = OutTensor(tensor.name, values.shape, DTYPES[tensor.dtype], scales, points, 0, values)
    export.numbers[op.output] = export.add(out)


@exports("transpose")
def transpose(export: Export, op: Operator) -> None:
    """TRANSPOSE with the batch in front."""
    order = export.integers(f"{op.name}_order", [0, *(axis + 1 for axis in cast(Transpose, op).order)])
    export.emit_as("TRANSPOSE", op, (order,))


@exports("pad")
def pad(export: Export, op: Operator) -> None:
    """PAD of rows and columns."""
    export.emit_as("PAD", op, (export.integers(f"{op.name}_sides", sides_of(cast(Pad, op).padding)),))


@exports("fill")
def fill(export: Export, op: Operator) -> None:
    """PADV2 along any axis."""
    wide = cast(Fill, op)
    sides = export.integers(f"{op.name}_sides", [(0, 0), *zip(wide.before, wide.after, strict=True)])
    source, _ = export.ends(op)
    export.emit_as("PADV2", op, (sides, export.value(f"{op.name}_value", wide.value, source)))


@exports("slice")
def slice_part(export: Export, op: Operator) -> None:
    """SLICE, or STRIDED_SLICE where a step is not 1."""
    part = cast(Slice, op)
    begin = export.integers(f"{op.name}_begin", [0, *part.begin])
    if part.step == (1, 1, 1):
        export.emit_as("SLICE", op, (begin, export.integers(f"{op.name}_size", [1, *part.count])))
        return
    last = [b + s * (n - 1) for b, s, n in zip(part.begin, part.step, part.count, strict=True)]
    ends = [1, *(end + (1 if step > 0 else -1) for end, step in zip(last, part.step, strict=True))]
    # an end before the first value cannot be written as a number: the axis is said to have none
    mask = sum(1 << axis for axis, end in enumerate(ends) if end < 0)
    places = export.integers(f"{op.name}_end", np.maximum(ends, 0)), export.integers(f"{op.name}_step", [1, *part.step])
    export.emit_as("STRIDED_SLICE", op, (begin, *places), {1: whole(mask)})


@exports("concat", "join")
def join(export: Export, op: Operator) -> None:
    """CONCATENATION."""
    axis = op.axis + 1 if isinstance(op, Join) else 3
    export.emit_as("CONCATENATION", op, (), {0: whole(axis), 1: Scalar("b", 0)})


@exports("resize_nearest", "resize_bilinear")
def resize(export: Export, op: Operator) -> None:
    """RESIZE_NEAREST_NEIGHBOR or RESIZE_BILINEAR."""
    sized = cast(ResizeNearest | ResizeBilinear, op)
    name, first = ("RESIZE_NEAREST_NEIGHBOR", 0) if isinstance(op, ResizeNearest) else ("RESIZE_BILINEAR", 2)
    options: dict[int, Value] = {
        first: Scalar("B", int(sized.align_corners)),
        first + 1: Scalar("B", int(sized.half_pixel)),
    }
    export.emit_as(name, op, (export.integers(f"{op.name}_size", sized.size),), options)
