"""Parts and wholes: CONCATENATION, SPLIT, SLICE, STRIDED_SLICE, PAD, TRANSPOSE."""

from collections.abc import Sequence

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, axis_of, converts
from microface.network.convert.tflite.model import TfOperator
from microface.network.convert.tflite.ranges import activation_name
from microface.network.convert.tflite.shapes import constant_integers
from microface.network.ops import Concat
from microface.network.ops.tflite import Fill, Join, Reshape, Slice, Transpose
from microface.network.ops.tflite.moves import Triple
from microface.network.tensors import Tensor

_WHOLE: Triple = (0, 0, 0)
_ONES: Triple = (1, 1, 1)


@converts("CONCATENATION")
def concatenation(conversion: Conversion, op: TfOperator) -> None:
    """All inputs share one scale and zero point."""
    result = conversion.target(op)
    output = conversion.declare(result, op.where)
    axis = axis_of(op.integer(0), len(result.shape), op.where)
    sources = [conversion.computed(op, number) for number in range(len(op.inputs))]
    if activation_name(op.integer(1, "b"), op.where) != "NONE" or axis < 0:
        raise UserError(op.where, "joins batches or has an activation", "convert it without")
    if any((each.scale, each.zero_point) != (output.scale, output.zero_point) for each in sources):
        mend = "convert it with one scale, as TFLite itself asks of int8"
        raise UserError(op.where, "joins different scales", mend)
    if len(sources) == 1:
        conversion.emit(Reshape(output.name, (sources[0].name,), output.name, output.shape))
    joined = sources[0]
    for number, each in enumerate(sources[1:], 2):
        whole = output if number == len(sources) else _joined(conversion, joined, each, axis)
        names = (whole.name, (joined.name, each.name), whole.name)
        conversion.emit(Concat(*names) if axis == 2 and output.dtype == "s8" else Join(*names, axis))
        joined = whole


def _joined(conversion: Conversion, first: Tensor, second: Tensor, axis: int) -> Tensor:
    """Add the tensor of two inputs joined, where more follow: kernels join two."""
    shape = _replaced(first.shape, axis, first.shape[axis] + second.shape[axis])
    name = conversion.unique(f"{first.name}_joined")
    conversion.tensors[name] = Tensor(name, shape, first.dtype, first.scale, first.zero_point)
    return conversion.tensors[name]


@converts("SPLIT", "SPLIT_V")
def split(conversion: Conversion, op: TfOperator) -> None:
    """One part per output; the parts' own shapes say where they end."""
    number = 1 if op.name == "SPLIT" else 0
    source, given = conversion.computed(op, number), conversion.source(op, number)
    (along,) = constant_integers(conversion, op, 0 if op.name == "SPLIT" else 2)
    axis = axis_of(along, len(given.shape), op.where)
    if axis < 0:
        raise UserError(op.where, "splits the batch", "convert it with a batch of 1")
    begin = 0
    for part in range(len(op.outputs)):
        output = conversion.declare(conversion.target(op, part), op.where)
        place = _replaced(_WHOLE, axis, begin)
        conversion.emit(Slice(output.name, (source.name,), output.name, place, _ONES, output.shape))
        begin += output.shape[axis]


@converts("SLICE")
def slice_part(conversion: Conversion, op: TfOperator) -> None:
    """Begin and size are constants."""
    source, given = conversion.computed(op), conversion.source(op, 0)
    begin = constant_integers(conversion, op, 1)
    output = conversion.declare(conversion.target(op), op.where)
    places = _triple(begin, len(given.shape), 0, op)
    conversion.emit(Slice(output.name, (source.name,), output.name, places, _ONES, output.shape))


@converts("STRIDED_SLICE")
def strided_slice(conversion: Conversion, op: TfOperator) -> None:
    """Constants and masks; an axis that is shrunk keeps size 1 here."""
    source, given = conversion.computed(op), conversion.source(op, 0)
    result = conversion.target(op)
    output = conversion.declare(result, op.where)
    begins, ends, strides = (constant_integers(conversion, op, number) for number in (1, 2, 3))
    if op.integer(2) or op.integer(3):
        raise UserError(op.where, "has an ellipsis or a new axis", "write every axis out")
    if op.flag(5) or not len(begins) == len(ends) == len(strides) == len(given.shape):
        raise UserError(op.where, "does not name every axis", "write every axis out")
    ranges = [
        _range(size, begins[axis], ends[axis], strides[axis], [op.integer(mask) >> axis & 1 for mask in (0, 1, 4)])
        for axis, size in enumerate(given.shape)
    ]
    rank = len(given.shape)
    begin, step, count = (_triple([each[part] for each in ranges], rank, part, op) for part in range(3))
    part = output
    if output.shape != count:
        part = Tensor(conversion.unique(f"{output.name}_part"), count, output.dtype, output.scale, output.zero_point)
        conversion.tensors[part.name] = part
    conversion.emit(Slice(part.name, (source.name,), part.name, begin, step, count))
    if part is not output:
        conversion.emit(Reshape(output.name, (part.name,), output.name, output.shape))


def _range(size: int, begin: int, end: int, step: int, masks: Sequence[int]) -> tuple[int, int, int]:
    """Return begin, step and count along an axis of `size`; masks: begin ignored, end ignored, shrunk to one."""
    begin_ignored, end_ignored, shrunk = masks
    if step == 0:
        raise UserError("stride", "is 0", "use another")
    given = slice(None if begin_ignored else begin, None if end_ignored else end, step)
    if shrunk:
        begin = (0 if step > 0 else size - 1) if begin_ignored else begin
        given = slice(begin, begin + 1 or None, 1)
    first, stop, step = given.indices(size)
    return first, step, len(range(first, stop, step))


@converts("PAD", "PADV2")
def pad(conversion: Conversion, op: TfOperator) -> None:
    """PAD fills with the zero point, PADV2 with its constant."""
    source, given = conversion.computed(op), conversion.source(op, 0)
    output = conversion.declare(conversion.target(op), op.where)
    amounts = constant_integers(conversion, op, 1)
    rank = len(given.shape)
    before, after = (_triple(amounts[side::2], rank, 0, op) for side in (0, 1))
    filler = conversion.optional(op, 2)
    value = output.zero_point if filler is None else int(filler.constant.reshape(-1)[0])
    conversion.emit(Fill(output.name, (source.name,), output.name, before, after, value))


@converts("TRANSPOSE")
def transpose(conversion: Conversion, op: TfOperator) -> None:
    """Where the order of values stays, it vanishes into a reshape."""
    source, given = conversion.computed(op), conversion.source(op, 0)
    output = conversion.declare(conversion.target(op), op.where)
    order = constant_integers(conversion, op, 1)
    rank = len(given.shape)
    whole = [*range(4 - rank), *(axis_of(axis, rank, op.where) + 1 for axis in order)]
    moving = [axis for axis in whole if (1, *source.shape)[axis] > 1]
    if moving == sorted(moving):
        conversion.emit(Reshape(output.name, (source.name,), output.name, output.shape))
        return
    rows, columns, channels = _three_axes(whole, source, op)
    conversion.emit(Transpose(output.name, (source.name,), output.name, (rows, columns, channels)))


def _three_axes(order: list[int], source: Tensor, op: TfOperator) -> list[int]:
    """Return the order of rows, columns, channels; the batch must stay in front or be another axis of size 1."""
    if order[0] != 0:
        first = order[0]
        if (1, *source.shape)[first] != 1:
            raise UserError(op.where, "moves the batch", "convert it with the batch in front")
        order[order.index(0)], order[0] = first, 0
    return [axis - 1 for axis in order[1:]]


def _replaced(triple: Triple, axis: int, value: int) -> Triple:
    rows, columns, channels = (value if each == axis else old for each, old in enumerate(triple))
    return rows, columns, channels


def _triple(values: Sequence[int], rank: int, missing: int, op: TfOperator) -> Triple:
    """Return the last three of a value per axis, `missing` (1 for counts and steps) in front; the batch stays whole."""
    neutral = (0, 1, 1)[missing]
    if len(values) != rank:
        raise UserError(op.where, f"names {len(values)} of {rank} axes", "write every axis out")
    padded = [neutral] * 3 + list(values)
    if any(value != neutral for value in padded[:-3]):
        raise UserError(op.where, "changes the batch", "convert it with a batch of 1")
    rows, columns, channels = padded[-3:]
    return rows, columns, channels
