"""MAX_POOL_2D and AVERAGE_POOL_2D."""

from typing import cast

import numpy as np

from microface.errors import UserError
from microface.network.convert.tflite.build import Scalar, Value
from microface.network.convert.tflite.export import VALID, Export, exports, padding_kind, sides_of, whole
from microface.network.ops import AveragePool, MaxPool, Operator
from microface.network.ops.max78000 import Passthrough
from microface.network.ops.tflite import TfliteAveragePool

Pool = MaxPool | AveragePool | TfliteAveragePool


@exports("max_pool")
def largest(export: Export, op: Operator) -> None:
    """MAX_POOL_2D; padding of its own becomes a PADV2 with the lowest integer, which never wins."""
    pool = cast(MaxPool, op)
    source, _ = export.ends(op)
    number, kind = export.number(source.name), _padding(export, pool)
    if kind is None:
        wide, lowest = export.widened(op, pool.padding), export.value(f"{op.name}_lowest", source.lowest, source)
        export.emit("PADV2", (number, export.integers(f"{op.name}_sides", sides_of(pool.padding)), lowest), wide)
        number, kind = wide, VALID
    export.emit("MAX_POOL_2D", (number,), export.number(op.output), _options(pool, kind, Scalar("b", 0)))


@exports("average_pool", "tflite_average_pool")
def average(export: Export, op: Operator) -> None:
    """AVERAGE_POOL_2D; one that changes the scale is followed by QUANTIZE."""
    pool = cast(AveragePool | TfliteAveragePool, op)
    kind, (source, target) = _padding(export, pool), export.ends(op)
    if isinstance(pool, TfliteAveragePool) and pool.half_up:
        mend = "use the uint8 file that it came from"
        raise UserError(f"operator {op.name}", "rounds halves up, as TFLite does for uint8 only", mend)
    if kind is None:
        mend = "TFLite's averages pad as SAME does or not at all: use such a pool"
        raise UserError(f"operator {op.name}", f"pads an average by {pool.padding}", mend)
    cut = export.activation(op, pool.lo, pool.hi) if isinstance(pool, TfliteAveragePool) else Scalar("b", 0)
    same = (np.float32(source.scale), source.zero_point) == (np.float32(target.scale), target.zero_point)
    pooled = export.number(op.output) if same else export.computed(f"{op.name}_pooled", target.shape, source)
    export.emit("AVERAGE_POOL_2D", (export.number(source.name),), pooled, _options(pool, kind, cut))
    if not same:
        export.emit("QUANTIZE", (pooled,), export.number(op.output))


@exports("max78000_passthrough")
def accelerator_average(export: Export, op: Operator) -> None:
    """AVERAGE_POOL_2D, halves away from zero; an accelerator's own may cut toward zero."""
    layer = cast(Passthrough, op)
    pool = TfliteAveragePool(op.name, op.inputs, op.output, layer.pool_size, layer.pool_stride, (0, 0, 0, 0), -128, 127)
    average(export, pool)


def _padding(export: Export, pool: Pool) -> Scalar | None:
    source, _ = export.ends(pool)
    return padding_kind(source.shape, pool.padding, pool.size, pool.stride, (1, 1))


def _options(pool: Pool, padding: Scalar, activation: Scalar) -> dict[int, Value]:
    stride, size = pool.stride, pool.size
    return {0: padding, 1: whole(stride[1]), 2: whole(stride[0]), 3: whole(size[1]), 4: whole(size[0]), 5: activation}
