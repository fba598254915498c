"""An accelerator plan for people and for JSON: summary, limiting quantities, memory map, time per layer."""

from typing import Any

from microface.chip.plan.max78000.bias import MEMORIES
from microface.chip.plan.max78000.ops_summary import ops_of, summary
from microface.chip.plan.max78000.plan import AcceleratorPlan
from microface.chip.plan.max78000.rules import limit, warnings
from microface.chip.plan.max78000.timing import Model, layer_times, microseconds, total_cycles
from microface.chip.plan.max78000.workload import PROCESSORS
from microface.chip.targets import Target

_COLUMN_BYTES = 9
_WHERE_FROM = {
    "hardware": "the hardware's cycles in closed form; boards agree within 1 %, streaming layers take 1.0 to 1.5 times",
    "deck": "the published tables' formula; boards differ from it by up to 63 %",
}


def usage(plan: AcceleratorPlan, target: Target) -> str:
    """Return ops summary and resource usage, and beside them what really limits: the busiest processor's columns."""
    columns, bias = limit(target, "weight_columns"), limit(target, "bias_memory")
    text = summary(plan, columns * _COLUMN_BYTES * PROCESSORS, bias * MEMORIES)
    taken, loads = plan.columns_taken, plan.column_loads
    busiest = taken.index(max(taken))
    used = f"{taken[busiest]} of {columns} ({100 * taken[busiest] / columns:.1f}%), processor {busiest}"
    split = f"{loads[busiest]} hold weights, {taken[busiest] - loads[busiest]} are lost to alignment"
    return "\n".join([text, f"Columns of the busiest processor: {used}; {split}", *warnings(plan.layers, target)])


def to_json(plan: AcceleratorPlan, target: Target, model: Model) -> dict[str, Any]:
    """Return JSON-able values: bytes, columns, cycles, and microseconds as (low, high)."""
    times = layer_times(plan.layers, model)
    low, high = total_cycles(times, model)
    return {
        "network": plan.name,
        "target": plan.target,
        "time_model": model,
        "estimated_microseconds": [microseconds(low, target), microseconds(high, target)],
        "estimated_microseconds_from": _WHERE_FROM[model],
        "weight_bytes": plan.weight_bytes,
        "bias_bytes": plan.bias_bytes,
        "columns_per_processor": list(plan.column_loads),
        "columns_taken_per_processor": list(plan.columns_taken),
        "warnings": list(warnings(plan.layers, target)),
        "layers": [
            {
                "name": placed.layer.name,
                "processors": f"0x{placed.processors:016x}",
                "output_processors": f"0x{placed.output_processors:016x}",
                "in_offset": placed.in_offset,
                "out_offset": placed.out_offset,
                "first_column": placed.first_column,
                "columns": placed.columns,
                "streaming": placed.streaming,
                "data_format": "CHW" if placed.planar else "HWC",
                "ops": ops_of(placed.layer).all,
                "cycles": [time.low, time.high],
            }
            for placed, time in zip(plan.layers, times, strict=True)
        ],
    }
