"""What `plan` shows of several networks on an accelerator: one table per model of time, and what changes."""

from collections.abc import Sequence
from typing import Any

from microface.chip.plan.max78000 import AcceleratorPlan, plan_accelerator, runs_accelerated
from microface.chip.plan.max78000.beside import changes, inference_time, layer_rows
from microface.chip.plan.max78000.report import to_json
from microface.chip.plan.max78000.timing import Model
from microface.chip.targets import Target
from microface.console import console, table
from microface.errors import UserError
from microface.network import IntegerNetwork


def show_beside(networks: Sequence[IntegerNetwork], chip: Target, models: Sequence[Model]) -> list[dict[str, Any]]:
    """Print `networks` side by side by each of `models`; return their plans as JSON-able values."""
    for network in networks:
        if not runs_accelerated(network, chip):
            reason = f"is not for an accelerator of {chip.name}: only such networks are planned side by side"
            raise UserError(network.name, reason, "plan one network at a time, or see microface choose")
    plans = [plan_accelerator(network, chip) for network in networks]
    for model in models:
        _show(plans, chip, model)
    return [to_json(plan, chip, model) for model in models for plan in plans]


def _show(plans: Sequence[AcceleratorPlan], chip: Target, model: Model) -> None:
    times = [inference_time(plan, chip, model) for plan in plans]
    rows = [*layer_rows(plans, chip, model), ("all, us", *(f"{time:.2f}" for time in times))]
    rows.append(("times as fast as the first", *(f"{times[0] / time:.2f}" for time in times)))
    rows.append(("weights, bytes", *(f"{plan.weight_bytes:,}" for plan in plans)))
    rows.append(("columns, busiest", *(str(max(plan.column_loads)) for plan in plans)))
    title = f"--time {model}: layer, inputs -> outputs @pixels: us"
    console.print(table(title, ("layer", *(plan.name for plan in plans)), rows))
    for line in changes(plans, chip, model):
        console.print(line, highlight=False, soft_wrap=True)
