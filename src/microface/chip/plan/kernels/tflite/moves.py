"""Kernels of operators that move values or look them up."""

from typing import ClassVar

import numpy as np

from microface.chip.plan.kernels.base import Fields, Kernel, Tables, source_of, target_of
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.tflite import (
    Constant,
    Fill,
    Join,
    Lookup,
    Rescale,
    ResizeBilinear,
    ResizeNearest,
    Slice,
    Transpose,
)
from microface.network.tensors import Shape


class TfliteKernel(Kernel):
    """What portable kernels of TFLite's operators share: bytes, and an estimate per output."""

    header = "mf_kernels_tflite.h"
    kind: ClassVar[type[Operator] | tuple[type[Operator], ...]]
    dtype: ClassVar[str] = "s8"
    per_output: ClassVar[int] = 20
    """About so many instructions per output."""

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Operators of this kind whose tensors all have this type."""
        tensors = [network.tensors[name] for name in (*op.inputs, op.output)]
        return isinstance(op, self.kind) and all(each.dtype == self.dtype for each in tensors)

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return an estimate by the number of outputs."""
        return self.per_output * target_of(op, network).elements


def sizes(shape: Shape) -> Fields:
    """Return height, width and channels."""
    return dict(zip(("height", "width", "channels"), shape, strict=True))


def strides(shape: Shape, within: Shape) -> tuple[int, int, int]:
    """Return the values between rows, columns and channels of `shape`; 0 where it is stretched to `within`."""
    steps = (shape[1] * shape[2], shape[2], 1)
    rows, columns, channels = (
        0 if own == 1 and size > 1 else step for own, size, step in zip(shape, within, steps, strict=True)
    )
    return rows, columns, channels


class LookupPortable(TfliteKernel):
    """A table of 256 bytes; a change of scale between bytes is one, too."""

    function, source, kind, per_output = "mf_lookup_s8", "mf_lookup_s8.c", (Lookup, Rescale), 6

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """Each value is written where it is read."""
        return 0

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the table."""
        if isinstance(op, Lookup):
            return {"table": op.table}
        every = np.arange(-128, 128, dtype=np.int64).reshape(1, 1, 1, -1)
        return {"table": op.run([every], [source_of(op, network)]).reshape(-1).astype(np.int8)}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the number of values."""
        return {"elements": target_of(op, network).elements}


class GatherPortable(TfliteKernel):
    """SLICE and TRANSPOSE: values from regular places."""

    function, source, kind, per_output = "mf_gather_s8", "mf_gather_s8.c", (Slice, Transpose), 10

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return where the values lie."""
        shape = source_of(op, network).shape
        steps = (shape[1] * shape[2], shape[2], 1)
        begin = 0
        if isinstance(op, Slice):
            begin = sum(at * step for at, step in zip(op.begin, steps, strict=True))
            steps = (op.step[0] * steps[0], op.step[1] * steps[1], op.step[2])
        elif isinstance(op, Transpose):
            steps = (steps[op.order[0]], steps[op.order[1]], steps[op.order[2]])
        places = {"begin": begin} | dict(zip(("row", "column", "channel"), steps, strict=True))
        return sizes(target_of(op, network).shape) | places


class ConstantPortable(TfliteKernel):
    """A constant is copied to the arena."""

    function, source, kind, per_output = "mf_constant_s8", "mf_constant_s8.c", Constant, 5

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return the values."""
        assert isinstance(op, Constant)
        return {"values": op.values}

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the number of values."""
        return {"elements": target_of(op, network).elements}


class JoinPortable(TfliteKernel):
    """Two tensors one after the other along an axis."""

    function, source, kind, per_output = "mf_join_s8", "mf_join_s8.c", Join, 5

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Two inputs."""
        return super().matches(op, network) and len(op.inputs) == 2

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the lengths of the runs."""
        assert isinstance(op, Join)
        first, second = (int(np.prod(network.tensors[name].shape[op.axis :])) for name in op.inputs)
        return {"count": target_of(op, network).elements // (first + second), "first": first, "second": second}


class FillPortable(TfliteKernel):
    """Padding along any axis by any value."""

    function, source, kind, per_output = "mf_fill_s8", "mf_fill_s8.c", Fill, 14

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return both shapes, the padding in front and its value."""
        assert isinstance(op, Fill)
        shapes = {f"input_{name}": size for name, size in sizes(source_of(op, network).shape).items()}
        shapes |= {f"output_{name}": size for name, size in sizes(target_of(op, network).shape).items()}
        return shapes | dict(zip(("pad_top", "pad_left", "pad_channel"), op.before, strict=True)) | {"value": op.value}


class _ResizePortable(TfliteKernel):
    """What both share: the sizes."""

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the sizes."""
        shape, target = source_of(op, network).shape, target_of(op, network).shape
        outputs = {"output_height": target[0], "output_width": target[1]}
        return {"input_width": shape[1], "channels": shape[2]} | outputs


class ResizeNearestPortable(_ResizePortable):
    """Rows and columns by tables."""

    function, source, kind = "mf_resize_nearest_s8", "mf_resize_nearest_s8.c", ResizeNearest
    per_output = 8

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return which row and column each output takes."""
        assert isinstance(op, ResizeNearest)
        shape = source_of(op, network).shape
        return {name: op.places(axis, shape[axis]).astype(np.int16) for axis, name in enumerate(("rows", "columns"))}


class ResizeBilinearPortable(_ResizePortable):
    """Two rows and columns with a weight by tables."""

    function, source, kind = "mf_resize_bilinear_s8", "mf_resize_bilinear_s8.c", ResizeBilinear
    per_output = 45

    def pack(self, op: Operator, network: IntegerNetwork) -> Tables:
        """Return both neighbours and the second one's weight for each row and column."""
        assert isinstance(op, ResizeBilinear)
        shape = source_of(op, network).shape
        found = {name: op.places(axis, shape[axis]) for axis, name in enumerate(("rows", "columns"))}
        return {name: np.stack(places, axis=1).astype(np.int16) for name, places in found.items()}
