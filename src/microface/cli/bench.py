"""`microface bench`: the figures of this release beside the published ones."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

import microface
from microface.chip.devices.bench import (
    ChipFigures,
    host_milliseconds,
    litert_milliseconds,
    measure_on_chip,
    require_emulator,
)
from microface.chip.devices.host import HostDevice
from microface.chip.plan.max78000 import runs_accelerated
from microface.chip.targets import Target
from microface.cli.networks import ANCHOR, find_network, network_in
from microface.console import console, table
from microface.errors import UserError
from microface.evaluate.costs import told_interval
from microface.files import write_json
from microface.models import names
from microface.models.presence import presence_names

CHIPS = ("stm32h743zi", "nrf52840")
TFLITE = Path("shared/anchors/mnv2_05_96.tflite")
"""The anchor's geometry as TFLite, for the time of LiteRT; it lies with the research data, beside the repository."""
PUBLISHED = (
    ("CMSIS-NN in TFLite Micro, M7", 63_970_000, 233_000),
    ("CMSIS-NN in TFLite Micro, M4", 64_290_000, 233_000),
    ("TinyEngine (truncates), M7", 50_970_000, 135_008),
    ("TinyEngine by patches, M7", 55_360_000, 118_880),
)
"""The anchor's geometry, counted alike: TFLM 90b983c2b, CMSIS-NN 99f736a6, TinyEngine 47bb283 as it ships."""


def bench(
    network: Annotated[list[str] | None, typer.Argument(help="Networks; default: the anchor and all shipped.")] = None,
    target: Annotated[
        list[str] | None, typer.Option(help="Chips; default: both processors, and the accelerator of what it runs.")
    ] = None,
    tflite: Annotated[
        Path | None, typer.Option(help="The anchor as TFLite, to time LiteRT on it.", metavar="FILE")
    ] = None,
    json: Annotated[Path, typer.Option("--json", help="Write the figures here.", metavar="FILE")] = Path(
        "build/bench.json"
    ),
) -> None:
    """Count instructions and measure memory on the emulated chips, and time on this computer.

    Where an accelerator runs a network its time is estimated by its cycles, and the instructions are the processor's.

    Example: `microface bench --json build/bench.json`
    """
    require_emulator()
    anchor = find_tflite(tflite)
    chosen = network or [ANCHOR, *names(), *presence_names()]
    rows = [measure_on_chip(find_network(each), Target.load(chip)) for each in chosen for chip in target or chips(each)]
    _show_chips(rows)
    hosts = [_time_on_host(name, anchor if name == ANCHOR else None) for name in chosen]
    _show_hosts(hosts)
    if ANCHOR in chosen and not any(each["litert_milliseconds"] for each in hosts):
        console.print(_what_litert_needs(anchor), highlight=False, markup=False)
    write_json(json, [*(row.to_json() for row in rows), *hosts])
    console.print(f"figures in {json}", highlight=False)


def chips(name: str) -> list[str]:
    """Return the chips that the network `name` is measured on: processors, and accelerators that it is made for.

    Shipped face / no-face networks are for accelerators only.
    """
    network, processors = network_in(find_network(name)), () if name in presence_names() else CHIPS
    return [*processors, *(chip for chip in Target.names() if runs_accelerated(network, Target.load(chip)))]


def find_tflite(given: Path | None) -> Path | None:
    """Return the anchor's TFLite file: the `given` one, or `TFLITE` beside this folder or the repository, or None."""
    if given is not None:
        if not given.is_file():
            raise UserError(given, "is not there", "give a .tflite file of the anchor's geometry")
        return given
    beside = Path.cwd().parent, Path(microface.__file__).resolve().parents[3]
    return next((folder / TFLITE for folder in beside if (folder / TFLITE).is_file()), None)


def _what_litert_needs(tflite: Path | None) -> str:
    if tflite is None:
        return f"LiteRT was not timed: ../{TFLITE} is not there; give --tflite FILE"
    return "LiteRT was not timed: pip install 'microface[convert]'"


def _show_chips(rows: Sequence[ChipFigures]) -> None:
    """Print a table for each network on processors, one for all on accelerators, and what others published."""
    by_processor = [row for row in rows if row.accelerator_milliseconds is None]
    for name, group in groupby(by_processor, key=lambda row: row.network):
        columns = ("chip", "instructions", "per MAC", "arena B", "flash B", "stack B", "ms, estimate")
        console.print(table(f"{name}: one inference, counted on the emulated chip", columns, map(_cells, group), 1))
    accelerated = sorted(set(rows) - set(by_processor), key=lambda row: (row.target, row.network))
    for target, group in groupby(accelerated, key=lambda row: row.target):
        columns = ("network", "there, ms", "processor", "in all, ms", "arena B", "flash B", "stack B")
        title = f"One inference on the accelerator of the {target}: its milliseconds, and instructions to feed it"
        console.print(table(title, columns, map(_accelerated_cells, group), 1))
    published = [(what, f"{count / 1e6:.2f} M", f"{arena:,}") for what, count, arena in PUBLISHED]
    console.print(table(f"Published for the network {ANCHOR}", ("toolchain", "instructions", "arena B"), published))


def _cells(row: ChipFigures) -> tuple[str, ...]:
    cost = f"{row.instructions / 1e6:.2f} M", f"{row.instructions / row.macs:.2f}" if row.macs else "-"
    return (row.target, *cost, *_sizes(row), told_interval(row.estimated_milliseconds))


def _sizes(row: ChipFigures) -> tuple[str, ...]:
    return tuple(f"{size:,}" for size in (row.arena_bytes, row.flash_bytes, row.stack_bytes))


def _accelerated_cells(row: ChipFigures) -> tuple[str, ...]:
    accelerator = told_interval(row.accelerator_milliseconds or (0.0, 0.0))
    both = told_interval(row.estimated_milliseconds)
    return (row.network, accelerator, f"{row.instructions:,}", both, *_sizes(row))


def _time_on_host(name: str, tflite: Path | None) -> dict[str, Any]:
    source = find_network(name)
    network, device = network_in(source), HostDevice(source)
    return {
        "network": device.model.name,
        "target": "host",
        "macs": network.macs,
        "arena_bytes": device.plan.arena_bytes,
        **dict.fromkeys(("instructions", "flash_bytes", "stack_bytes")),  # counted on chips only
        "milliseconds": host_milliseconds(device),
        "litert_milliseconds": litert_milliseconds(tflite) if tflite else None,
    }


def _show_hosts(hosts: list[dict[str, Any]]) -> None:
    rows = [
        (each["network"], f"{each['milliseconds']:.3f}", _milliseconds(each["litert_milliseconds"])) for each in hosts
    ]
    columns = ("network", "microface, ms", "LiteRT XNNPACK, ms")
    console.print(table("One inference on this computer, one thread", columns, rows))


def _milliseconds(value: float | None) -> str:
    return f"{value:.3f}" if value is not None else "not measured"
