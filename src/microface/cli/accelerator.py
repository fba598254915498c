"""What `plan` shows of a network that a chip's accelerator runs."""

from pathlib import Path
from typing import Any, cast

import numpy as np

from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.firmware.build import Options
from microface.chip.firmware.folder import Firmware
from microface.chip.firmware.max78000.memory import processor_memory
from microface.chip.firmware.max78000.project import extras_of
from microface.chip.firmware.max78000.vendor import arch_of
from microface.chip.firmware.model import Model
from microface.chip.plan.max78000 import AcceleratorPlan, plan_accelerator, runs_accelerated
from microface.chip.plan.max78000.application import application_time, sentence
from microface.chip.plan.max78000.picture import memory_map
from microface.chip.plan.max78000.report import to_json, usage
from microface.chip.plan.max78000.timing import Model as TimeModel
from microface.chip.plan.max78000.timing import layer_times, microseconds
from microface.chip.plan.picture import save
from microface.chip.targets import Target
from microface.cli.fit import memory_table, show_fit
from microface.console import console, table
from microface.errors import UserError
from microface.models import ModelPackage
from microface.network import IntegerNetwork

MODELS: tuple[TimeModel, ...] = ("hardware", "deck")


def runs_on_accelerator(network: IntegerNetwork, chip: Target) -> bool:
    """Tell whether `chip` has an accelerator that `network` is made for; say so where it is made for the processor."""
    runs = runs_accelerated(network, chip)
    if chip.accelerator and not runs:
        told = f"{network.name} has no layers of the accelerator: it is planned for the processor"
        console.print(told, style="yellow")
    return runs


def show_plan(
    source: ModelPackage | IntegerNetwork, chip: Target, time: str, options: Options, picture: Path | None
) -> dict[str, Any]:
    """Print summary, resources, places and time per layer by the model `time`, and the processor's memory beside it.

    Returns the same as JSON-able values; what `options` adds and reserves is counted.
    """
    model = Model.of(source)
    planned = plan_accelerator(model.network, chip)
    facts = to_json(planned, chip, time_model(time))
    console.print(usage(planned, chip), highlight=False)
    _show_layers(planned, facts, chip)
    memory = processor_memory([planned], chip, extras_of(model, options))
    console.print(memory_table(f"{chip.cpu} beside it", memory.lines, chip))
    low, high = facts["estimated_microseconds"]
    console.print(f"estimate: {_interval(low, high)} us ({facts['estimated_microseconds_from']})", highlight=False)
    show_fit(memory.shortages)
    if picture is not None:
        save(memory_map(planned, chip), picture)
    return facts | memory.to_json()


def time_model(text: str) -> TimeModel:
    """Return the model of time that `text` names."""
    for model in MODELS:
        if text == model:
            return model
    mend = f"choose one of {', '.join(MODELS)}; both with several networks"
    raise UserError(f"--time {text}", "is no model of time of one network", mend)


def show_application(source: ModelPackage | IntegerNetwork, chip: Target) -> None:
    """Print what frames of a camera take whose verdict needs two or three crops."""
    if not isinstance(source, ModelPackage) or source.preprocess.geometry != "loose":
        raise UserError(source.name, "takes no loose crops of frames", "give a .mface package whose crops are loose")
    planned = plan_accelerator(source.network, chip)
    for crops in (2, 3):
        time = application_time(planned, chip, source.preprocess.light, crops)
        console.print(sentence(time), highlight=False, soft_wrap=True)


def _show_layers(planned: AcceleratorPlan, facts: dict[str, object], chip: Target) -> None:
    columns = ("layer", "processors", "reads at", "writes at", "columns", "us")
    rows = [_row(layer, chip) for layer in cast(list[dict[str, object]], facts["layers"])]
    console.print(table(f"{planned.name} on {planned.target}", columns, rows))


def _row(layer: dict[str, object], chip: Target) -> tuple[str, ...]:
    low, high = cast(list[float], layer["cycles"])
    first, count = cast(int, layer["first_column"]), cast(int, layer["columns"])
    places = (f"0x{layer['in_offset']:04x}", f"0x{layer['out_offset']:04x}")
    used = f"{first}-{first + count - 1}" if count else "-"
    return (str(layer["name"]), str(layer["processors"]), *places, used, _cycles(low, high, chip))


def _cycles(low: float, high: float, chip: Target) -> str:
    return _interval(microseconds(low, chip), microseconds(high, chip))


def _interval(low: float, high: float) -> str:
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"


def show_build(firmware: Firmware) -> None:
    """Tell what was written and how it is used."""
    folder, name = firmware.folder, arch_of(firmware.facts["model"])
    console.print(f"{firmware.facts['model']} for {firmware.facts['target']} in {folder}", highlight=False)
    console.print(
        f"for the vendor's synthesizer: {folder}/vendor/{name}.pth.tar, {name}.yaml, sample.npy (docs/max78000.md)",
        highlight=False,
    )
    if firmware.facts["measured"]:
        console.print(f"on the emulated chip: microface emulate {folder} --input FILE.npy", highlight=False)


def run_accelerator(firmware: Firmware, values: np.ndarray, layers: bool) -> dict[str, object]:
    """Run s8 `values` [H, W, C] on the emulated chip after its known-answer test; print and return what came out.

    With `layers` the cycles of each, too: by the closed form, for the hardware shows none of them from outside.
    """
    device = EmulatedDevice(firmware)
    wrong = device.self_test()
    if wrong is not None:
        raise UserError(firmware.folder, "fails its known-answer test", "build it again")
    output = device.run(values[None])[0].ravel().tolist()
    assert device.accelerators is not None and device.last is not None
    low, high = device.accelerators.microseconds
    times = layer_times(device.accelerators.networks[0].plan.layers) if layers else ()
    for time in times:
        console.print(f"{_cycles(time.low, time.high, device.target):>18} us  {time.name}", highlight=False)
    console.print(f"known-answer test passed on the {device.name}", style="green", highlight=False)
    console.print(f"accelerator: {_interval(low, high)} us (estimate by the hardware's cycles)", highlight=False)
    console.print(f"processor: {device.last.instructions:,} instructions (counted)", highlight=False)
    console.print(f"output: {output}", highlight=False, soft_wrap=True)
    facts = {"network": firmware.facts["model"], "target": firmware.facts["target"], "output": output}
    cost = {"estimated_microseconds": [low, high], "instructions": device.last.instructions}
    told = [{"name": time.name, "estimated_cycles": [time.low, time.high]} for time in times]
    return facts | {"known_answer": "pass"} | cost | ({"layers": told} if layers else {})
