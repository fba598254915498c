"""Networks side by side: what each layer takes, and from one network to the next what changes and what it saves."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from microface.chip.plan.max78000.plan import AcceleratorPlan
from microface.chip.plan.max78000.timing import LayerTime, Model, layer_times, microseconds, total_cycles
from microface.chip.plan.max78000.workload import HardwareLayer
from microface.chip.targets import Target


def shape_of(layer: HardwareLayer) -> str:
    """Return a layer in the short form of the published tables: inputs -> outputs @ pixels."""
    rows, columns, channels = layer.pooled
    side = f"{rows}" if rows == columns else f"{columns}x{rows}"
    return f"{channels}->{layer.result[2]} @{side}"


def inference_time(plan: AcceleratorPlan, target: Target, model: Model) -> float:
    """Return the least time of a whole inference in microseconds."""
    return microseconds(total_cycles(layer_times(plan.layers, model), model)[0], target)


def layer_rows(plans: Sequence[AcceleratorPlan], target: Target, model: Model) -> Iterator[tuple[str, ...]]:
    """Yield for each layer its number and what it is and takes in each network; "" where one has no such layer."""
    columns = [list(zip(plan.layers, layer_times(plan.layers, model), strict=True)) for plan in plans]
    for number, cells in enumerate(zip_longest(*columns), 1):
        told = (f"{shape_of(cell[0].layer)}: {_us(cell[1], target):.2f}" if cell else "" for cell in cells)
        yield (str(number), *told)


def changes(plans: Sequence[AcceleratorPlan], target: Target, model: Model) -> Iterator[str]:
    """Yield sentences: from each network to the next the layers that differ, and the whole."""
    for before, after in pairwise(plans):
        for number, (old, new) in enumerate(zip_longest(_timed(before, model), _timed(after, model)), 1):
            if _told(old) != _told(new):
                yield f"{before.name} to {after.name}, layer {number}: {_change(old, new, target)}"
        was, now = (inference_time(plan, target, model) for plan in (before, after))
        yield f"{before.name} to {after.name}, all: {was:.2f} -> {now:.2f} us, {was / now:.2f} times as fast"


_Timed = tuple[HardwareLayer, LayerTime]


def _timed(plan: AcceleratorPlan, model: Model) -> list[_Timed]:
    return [(each.layer, time) for each, time in zip(plan.layers, layer_times(plan.layers, model), strict=True)]


def _told(timed: _Timed | None) -> tuple[str, float] | None:
    return (shape_of(timed[0]), timed[1].low) if timed is not None else None


def _change(old: _Timed | None, new: _Timed | None, target: Target) -> str:
    if old is None or new is None:
        there = old or new
        assert there is not None
        took = f"{shape_of(there[0])}, {_us(there[1], target):.2f} us"
        return f"{took}, is not there any more" if new is None else f"{took}, comes in"
    was, now = _us(old[1], target), _us(new[1], target)
    return f"{shape_of(old[0])} becomes {shape_of(new[0])}, {was:.2f} -> {now:.2f} us ({now - was:+.2f})"


def _us(time: LayerTime, target: Target) -> float:
    return microseconds(time.low, target)
