"""The memory map as a picture: columns of every processor, and bytes of every data memory over the layers."""

from typing import TYPE_CHECKING

from microface.chip.plan.max78000.plan import AcceleratorPlan
from microface.chip.plan.max78000.rules import limit
from microface.chip.targets import Target

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STEP_WIDTH = 0.45


def memory_map(plan: AcceleratorPlan, target: Target) -> "Figure":
    """Return a figure: weight columns of the 64 processors, and the 16 data memories' contents at each layer."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 9), layout="constrained")
    weights, data = figure.subplots(2, 1)
    _draw_weights(weights, plan, limit(target, "weight_columns"))
    _draw_data(data, plan, limit(target, "data_memory"))
    return figure


def _colour(index: int) -> str:
    return f"C{index % 10}"


def _draw_weights(axes: "Axes", plan: AcceleratorPlan, columns: int) -> None:
    for index, placed in enumerate(plan.layers):
        lanes = placed.input_lanes.processors
        bottoms = [placed.first_column] * len(lanes)
        label = f"{index} {placed.layer.name}"
        axes.bar(lanes, [placed.columns] * len(lanes), 1.0, bottoms, color=_colour(index), label=label)
    axes.set(xlim=(-0.5, 63.5), ylim=(0, columns), xlabel="processor", ylabel=f"column of {columns}")
    axes.set_title(f"{plan.name}: weights, columns of 72 bits in each processor")
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_data(axes: "Axes", plan: AcceleratorPlan, capacity: int) -> None:
    for index, placed in enumerate(plan.layers):
        _draw_tensor(
            axes, index, placed.input_lanes.instances, placed.in_offset, placed.input_bytes, capacity, "#4c78a8"
        )
        after = index + _STEP_WIDTH
        lanes = placed.output_lanes.instances
        _draw_tensor(axes, after, lanes, placed.out_offset, placed.output_bytes, capacity, "#f58518")
    axes.set(xlim=(0, len(plan.layers)), ylim=(0, 16), xlabel="layer: what it reads (blue) and writes (orange)")
    axes.set(ylabel=f"data memory (each {capacity:,} bytes high)", yticks=range(17))
    axes.grid(axis="y", linewidth=0.3)


def _draw_tensor(
    axes: "Axes", left: float, memories: tuple[int, ...], offset: int, size: int, capacity: int, colour: str
) -> None:
    bottoms = [memory + offset / capacity for memory in memories]
    height = min(size, capacity - offset) / capacity
    axes.bar([left] * len(memories), [height] * len(memories), _STEP_WIDTH, bottoms, align="edge", color=colour)
