"""Reshape, Transpose, Pad, Slice, Concat, Resize: values move and stay as they are."""

from typing import cast

import numpy as np

from microface.errors import UserError
from microface.network.convert.onnx.export import THEIRS, Export, exports
from microface.network.ops import Concat, Operator, Pad
from microface.network.ops.tflite import Constant, Fill, Join, Reshape, ResizeBilinear, ResizeNearest, Slice, Transpose


@exports("concat", "join")
def concat(export: Export, op: Operator) -> None:
    """Concat."""
    axis = op.axis if isinstance(op, Join) else 2
    sources = [export.real(name) for name in cast(Concat | Join, op).inputs]
    export.write(op, export.add("Concat", sources, f"{op.output}_joined", axis=1 + THEIRS.index(axis)))


@exports("flatten", "reshape")
def reshape(export: Export, op: Operator) -> None:
    """Values in the order rows, columns, channels take their new sizes in that order."""
    source, shape = export.tensor(op.inputs[0]), export.tensor(op.output).shape
    given = export.real(op.inputs[0])
    if source.shape[0] * source.shape[1] > 1 and source.shape[2] > 1:
        given = export.add("Transpose", [given], f"{op.output}_last", perm=[0, 2, 3, 1])
    vector = shape[:2] == (1, 1)
    sizes = np.array([0, shape[2]] if vector else [0, *shape], np.int64)
    given = export.add("Reshape", [given, export.constant(f"{op.output}_sizes", sizes)], f"{op.output}_shaped")
    if not vector:
        given = export.add("Transpose", [given], f"{op.output}_first", perm=[0, 3, 1, 2])
    if isinstance(op, Reshape) and (source.scale, source.zero_point) != _affine(export, op):
        raise UserError(f"operator {op.name}", "reads integers by another scale", "ONNX has no form for it")
    export.write(op, given, vector)


def _affine(export: Export, op: Operator) -> tuple[float, int]:
    target = export.tensor(op.output)
    return target.scale, target.zero_point


@exports("constant")
def constant(export: Export, op: Operator) -> None:
    """Integers behind which DequantizeLinear stands."""
    values = cast(Constant, op).values.transpose(THEIRS)[None]
    export.written(op.output, export.constant(f"{op.output}_quantized", values), vector=False)


@exports("transpose")
def transpose(export: Export, op: Operator) -> None:
    """Transpose."""
    order = cast(Transpose, op).order
    inner = [1 + THEIRS.index(order[axis]) for axis in THEIRS]
    export.write(op, export.add("Transpose", [export.real(op.inputs[0])], f"{op.output}_turned", perm=[0, *inner]))


@exports("pad")
def pad(export: Export, op: Operator) -> None:
    """Pad of rows and columns with 0."""
    above, below, left, right = cast(Pad, op).padding
    sides = export.constant(f"{op.output}_sides", np.array([0, 0, above, left, 0, 0, below, right], np.int64))
    export.write(op, export.add("Pad", [export.real(op.inputs[0]), sides], f"{op.output}_wide"))


@exports("fill")
def fill(export: Export, op: Operator) -> None:
    """Pad with any value, along any axis."""
    wide, (source, _) = cast(Fill, op), export.ends(op)
    before, after = ([sides[axis] for axis in THEIRS] for sides in (wide.before, wide.after))
    sides = export.integers(f"{op.output}_sides", [0, *before, 0, *after])
    real = np.float32(source.scale) * np.float32(wide.value - source.zero_point)
    value = export.constant(f"{op.output}_value", np.array(real, np.float32))
    export.write(op, export.add("Pad", [export.real(op.inputs[0]), sides, value], f"{op.output}_wide"))


@exports("slice")
def slice_part(export: Export, op: Operator) -> None:
    """Slice along channels, rows and columns."""
    part = cast(Slice, op)
    last = [begin + step * (count - 1) for begin, step, count in zip(part.begin, part.step, part.count, strict=True)]
    # an end before the first value is written as one that lies before every axis
    ends = [end + (1 if step > 0 else -1 if end else -(2**31)) for end, step in zip(last, part.step, strict=True)]
    places = {"starts": part.begin, "ends": ends, "axes": (0, 1, 2), "steps": part.step}
    turned = {name: [values[axis] for axis in THEIRS] for name, values in places.items()} | {"axes": [1, 2, 3]}
    names = [export.integers(f"{op.output}_{name}", values) for name, values in turned.items()]
    export.write(op, export.add("Slice", [export.real(op.inputs[0]), *names], f"{op.output}_part"))


@exports("resize_nearest", "resize_bilinear")
def resize(export: Export, op: Operator) -> None:
    """Resize of rows and columns; the nearest value is chosen as TFLite chooses it."""
    sized, (source, _) = cast(ResizeNearest | ResizeBilinear, op), export.ends(op)
    sizes = export.integers(f"{op.output}_sizes", [1, source.shape[2], *sized.size])
    place = "align_corners" if sized.align_corners else "half_pixel" if sized.half_pixel else "asymmetric"
    nearest = "floor" if place == "asymmetric" else "round_prefer_ceil"
    given, name = [export.real(op.inputs[0]), "", "", sizes], f"{op.output}_resized"
    modes = {"mode": "nearest", "nearest_mode": nearest} if isinstance(op, ResizeNearest) else {"mode": "linear"}
    export.write(op, export.add("Resize", given, name, coordinate_transformation_mode=place, **modes))
