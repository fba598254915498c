"""ADD, SUB, MUL, MEAN and PRELU; a constant operand gets the scale that gives the operator's very factors."""

from collections.abc import Callable
from typing import cast

import numpy as np

from microface.network.convert.factors import addend_scale, multiplied_scale, real_slopes, stored_constant, subtracts
from microface.network.convert.tflite.build import Scalar, Value
from microface.network.convert.tflite.export import DTYPES, Export, exports
from microface.network.convert.tflite.write import OutTensor
from microface.network.ops import Add, Mean, Operator, Prelu
from microface.network.ops.tflite import TfliteAdd, TfliteMean, TfliteMul, TflitePrelu
from microface.network.ops.tflite.add import sum_factors
from microface.network.requantise.tflite import split_scale

_NEIGHBOURS = 4
_LEAST_SLOPE = 2.0**-20


@exports("add", "tflite_add")
def add(export: Export, op: Operator) -> None:
    """ADD or SUB."""
    sum_ = cast(Add | TfliteAdd, op)
    options: dict[int, Value] = {0: export.activation(op, sum_.lo, sum_.hi), 1: Scalar("B", 0)}
    constants: tuple[int, ...] = ()
    if isinstance(sum_, TfliteAdd) and sum_.constant is not None:
        constants = (_constant(export, op, sum_.constant, _addend_scale(export, sum_)),)
    export.emit_as("SUB" if subtracts(sum_) else "ADD", op, constants, options)


@exports("tflite_mul")
def multiply(export: Export, op: Operator) -> None:
    """MUL."""
    product = cast(TfliteMul, op)
    options: dict[int, Value] = {0: export.activation(op, product.lo, product.hi)}
    constants: tuple[int, ...] = ()
    if product.constant is not None:
        constants = (_constant(export, op, product.constant, _multiplied_scale(export, op, product.factor)),)
    export.emit_as("MUL", op, constants, options)


@exports("tflite_prelu")
def prelu(export: Export, op: Operator) -> None:
    """PRELU."""
    bent = cast(TflitePrelu, op)
    slopes = _constant(export, op, bent.slopes, _multiplied_scale(export, op, bent.below))
    export.emit_as("PRELU", op, (slopes,))


@exports("prelu")
def own_prelu(export: Export, op: Operator) -> None:
    """PRELU, whose slopes are bytes."""
    slopes = real_slopes(cast(Prelu, op))
    scale = np.float32(max(np.abs(slopes).max(), _LEAST_SLOPE) / 127)
    export.emit_as("PRELU", op, (_constant(export, op, np.rint(slopes / scale)[None, None], scale),))


@exports("mean", "tflite_mean")
def mean(export: Export, op: Operator) -> None:
    """MEAN that keeps its dimensions."""
    axes = (0, 1) if isinstance(op, Mean) else cast(TfliteMean, op).axes
    named = export.integers(f"{op.name}_axes", [axis + 1 for axis in axes])
    export.emit_as("MEAN", op, (named,), {0: Scalar("B", 1)})


def _constant(export: Export, op: Operator, centred: np.ndarray, scale: np.float32) -> int:
    """Add integers [H, W, C] less their zero point."""
    source, _ = export.ends(op)
    stored, point = stored_constant(op.name, centred, source)
    shape = (1, *stored.shape)
    return export.add(
        OutTensor(f"{op.name}_constant", shape, DTYPES[source.dtype], [float(scale)], [point], 0, stored[None])
    )


def _multiplied_scale(export: Export, op: Operator, factor: tuple[int, int]) -> np.float32:
    """Return the constant's scale for input scale * scale / output scale = `factor`, in float32 as TFLite has it."""
    source, target = export.ends(op)
    before, after = np.float32(source.scale), np.float32(target.scale)
    near = multiplied_scale(factor, source, target)
    return _nearest(near, lambda scale: split_scale(float(before * scale / after)) == factor)


def _addend_scale(export: Export, op: TfliteAdd) -> np.float32:
    """Return the constant's scale that gives the three factors of a sum."""
    source, target = export.ends(op)
    before, after, wanted = np.float32(source.scale), np.float32(target.scale), (op.first, op.second, op.last)
    return _nearest(addend_scale(op, source), lambda scale: sum_factors(before, scale, after, op.fine) == wanted)


def _nearest(near: float, fits: Callable[[np.float32], bool]) -> np.float32:
    """Return the float32 next to `near` that `fits`, or simply the nearest."""
    below = above = np.float32(near)
    for _ in range(_NEIGHBOURS):
        for candidate in (below, above):
            if fits(candidate):
                return candidate
        below, above = np.nextafter(below, np.float32(0)), np.nextafter(above, np.float32(np.inf))
    return np.float32(near)
