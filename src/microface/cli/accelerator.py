"""What `plan` shows of a network that a chip's accelerator runs."""

from pathlib import Path
from typing import cast

from microface.chip.plan.max78000 import AcceleratorPlan, is_for_accelerator, plan_accelerator
from microface.chip.plan.max78000.picture import memory_map
from microface.chip.plan.max78000.report import to_json, usage
from microface.chip.plan.max78000.timing import Model
from microface.chip.plan.picture import save
from microface.chip.targets import Target
from microface.cli.options import save_json
from microface.console import console, table
from microface.errors import UserError
from microface.network import IntegerNetwork

MODELS = ("hardware", "deck")


def runs_on_accelerator(network: IntegerNetwork, chip: Target) -> bool:
    """Tell whether `chip` has an accelerator that `network` is made for; say so where it is made for the processor."""
    if not chip.accelerator:
        return False
    if not is_for_accelerator(network):
        console.print(
            f"{network.name} has no layers of the accelerator: it is planned for the processor", style="yellow"
        )
        return False
    return True


def show_plan(network: IntegerNetwork, chip: Target, time: str, picture: Path | None, json: Path | None) -> None:
    """Print summary, resources, places and time per layer by the model `time`."""
    if time not in MODELS:
        raise UserError(f"--time {time}", "is no model of time", f"choose one of {', '.join(MODELS)}")
    planned = plan_accelerator(network, chip)
    facts = to_json(planned, chip, cast(Model, time))
    console.print(usage(planned, chip), highlight=False)
    _show_layers(planned, facts)
    low, high = facts["estimated_microseconds"]
    console.print(f"estimate: {_interval(low, high)} us ({facts['estimated_microseconds_from']})", highlight=False)
    if picture is not None:
        save(memory_map(planned, chip), picture)
    save_json(json, facts)


def _show_layers(planned: AcceleratorPlan, facts: dict[str, object]) -> None:
    columns = ("layer", "processors", "reads at", "writes at", "columns", "us")
    rows = [_row(layer) for layer in cast(list[dict[str, object]], facts["layers"])]
    console.print(table(f"{planned.name} on {planned.target}", columns, rows))


def _row(layer: dict[str, object]) -> tuple[str, ...]:
    low, high = cast(list[float], layer["cycles"])
    first, count = cast(int, layer["first_column"]), cast(int, layer["columns"])
    places = (f"0x{layer['in_offset']:04x}", f"0x{layer['out_offset']:04x}")
    used = f"{first}-{first + count - 1}" if count else "-"
    return (str(layer["name"]), str(layer["processors"]), *places, used, _interval(low / 50, high / 50))


def _interval(low: float, high: float) -> str:
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
