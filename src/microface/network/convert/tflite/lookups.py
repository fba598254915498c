"""A table of bytes as TFLite writes it: CAST to int32, ADD 128, GATHER become one GATHER that reads bytes."""

from dataclasses import replace

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.convert import Conversion, converts
from microface.network.convert.tflite.model import TfModel, TfOperator
from microface.network.ops.tflite import Lookup

_LENGTH, _OFFSET = 256, 128


def with_lookups(model: TfModel) -> TfModel:
    """Return `model` with every such three operators made one."""
    makers = {op.outputs[0]: op for op in model.operators if len(op.outputs) == 1}
    gone: set[int] = set()
    operators = []
    for op in model.operators:
        steps = _steps(model, op, makers)
        if steps is None:
            operators.append(op)
            continue
        cast, add = steps
        gone |= {cast.index, add.index}
        operators.append(replace(op, inputs=(op.inputs[0], cast.inputs[0])))
    return replace(model, operators=tuple(op for op in operators if op.index not in gone))


def _steps(model: TfModel, op: TfOperator, makers: dict[int, TfOperator]) -> tuple[TfOperator, TfOperator] | None:
    """Return the CAST and the ADD whose only reader is the GATHER `op`."""
    add = makers.get(op.inputs[1]) if op.name == "GATHER" and len(op.inputs) == 2 else None
    if add is None or add.name != "ADD" or len(add.inputs) != 2 or not _alone(model, add):
        return None
    cast, offset = makers.get(add.inputs[0]), model.tensors[add.inputs[1]].data
    shifted = offset is not None and offset.dtype == np.int32 and offset.size == 1 and int(offset.flat[0]) == _OFFSET
    if not shifted or cast is None or cast.name != "CAST" or len(cast.inputs) != 1 or not _alone(model, cast):
        return None
    return cast, add


def _alone(model: TfModel, op: TfOperator) -> bool:
    """Say whether one operator reads the output of `op`, and nobody else."""
    readers = sum(each.inputs.count(op.outputs[0]) for each in model.operators)
    return readers == 1 and op.outputs[0] not in model.outputs


@converts("GATHER")
def gather(conversion: Conversion, op: TfOperator) -> None:
    """Behind `with_lookups` its inputs are the table and the bytes."""
    table = conversion.source(op, 0)
    if table.dtype != "int8" or table.shape != (_LENGTH,) or op.integer(0) or op.integer(1):
        raise UserError(op.where, "gathers something else than bytes from a table of 256", "use CAST, ADD 128, GATHER")
    source = conversion.computed(op, 1)
    output = conversion.declare(conversion.target(op), op.where)
    conversion.emit(Lookup(output.name, (source.name,), output.name, table.constant.astype(np.int8)))
