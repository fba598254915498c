"""Pictures of a plan: the arena over time, flash and RAM as bars, cost per layer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from microface.chip.plan.report import Line, Plan
from microface.chip.targets import Target
from microface.files import atomic_write
from microface.sizes import show_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {"tensor": "#4c78a8", "scratch": "#f58518", "input": "#54a24b"}
_BAR_COLOURS = (
    "#4c78a8", "#f58518", "#54a24b", "#bab0ac", "#b279a2", "#e45756", "#9d755d", "#72b7b2", "#eeca3b",
)  # fmt: skip
_FREE = "#e8e8e8"


def memory_map(plan: Plan, target: Target) -> "Figure":
    """Return a figure: above, each buffer of the arena over the steps; below, flash and RAM in use."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7), layout="constrained")
    arena, banks = figure.subplots(2, 1, height_ratios=[3, 2])
    _draw_arena(arena, plan)
    _draw_banks(banks, plan, target)
    return figure


def _draw_arena(axes: "Axes", plan: Plan) -> None:
    for buffer in plan.buffers:
        kind = "input" if buffer.first == 0 and buffer.offset in plan.input_offsets else buffer.kind
        steps = buffer.last - buffer.first + 1
        box = {"facecolor": _COLOURS[kind], "edgecolor": "white", "linewidth": 0.5, "alpha": 0.85}
        axes.bar(buffer.first, buffer.bytes / 1000, steps, buffer.offset / 1000, align="edge", **box)
    axes.axhline(plan.arena_bytes / 1000, color="black", linewidth=1)
    axes.axhline(plan.lower_bound_bytes / 1000, color="black", linewidth=0.8, linestyle="dotted")
    axes.set_xlim(0, max(len(plan.steps), 1))
    axes.set_xlabel("step")
    axes.set_ylabel("arena in KB (1000 bytes)")
    bound = f"no arena can be below {plan.lower_bound_bytes:,} B (dotted)"
    axes.set_title(f"{plan.network} on {plan.target}: arena {plan.arena_bytes:,} B in {plan.arena_memory}; {bound}")
    _legend(axes, _COLOURS)


def _draw_banks(axes: "Axes", plan: Plan, target: Target) -> None:
    lines = (*plan.flash, plan.gallery, *plan.ram)
    used = [bank for bank in target.memories if any(line.memory == bank.name for line in lines)]
    colours = dict(zip(dict.fromkeys(line.what for line in lines), _BAR_COLOURS, strict=False))
    for row, bank in enumerate(used):
        _draw_bank(axes, row, bank.bytes, [line for line in lines if line.memory == bank.name], colours)
    axes.set_yticks(range(len(used)), [f"{bank.name}\n{show_size(bank.bytes)}" for bank in used])
    axes.set_xlabel("share of the memory in %")
    axes.set_xlim(0, 100)
    axes.invert_yaxis()
    _legend(axes, colours)


def _draw_bank(axes: "Axes", row: int, size: int, lines: Sequence[Line], colours: Mapping[str, str]) -> None:
    axes.barh(row, 100, color=_FREE)
    left = 0.0
    for line in lines:
        share = 100 * line.bytes / size
        axes.barh(row, share, left=left, color=colours[line.what], edgecolor="white", linewidth=0.5)
        if share > 6:
            axes.text(left + share / 2, row, show_size(line.bytes), ha="center", va="center", fontsize=8)
        left += share


def _legend(axes: "Axes", colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
    axes.legend(handles=handles, fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))


def cost_per_layer(costs: Sequence[tuple[str, int]], title: str, unit: str = "instructions") -> "Figure":
    """Return a bar chart of (layer, cost), the first layer on top; say in `title` what was counted."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 1 + 0.17 * len(costs)), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(costs)), [cost / 1e6 for _, cost in costs], color=_COLOURS["tensor"])
    axes.set_yticks(range(len(costs)), [name for name, _ in costs], fontsize=7)
    axes.invert_yaxis()
    axes.set_ylim(len(costs) - 0.5, -0.5)
    axes.set_xlabel(f"million {unit}")
    axes.set_title(title)
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Write `figure` to `path`; the ending says the format (png, svg, pdf)."""
    with atomic_write(path) as stream:
        figure.savefig(stream, format=path.suffix.lstrip(".") or "png", dpi=120)
