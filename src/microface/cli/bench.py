"""`microface bench`: the figures of this release beside the published ones."""

from collections.abc import Iterable
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
from microface.chip.targets import Target
from microface.cli.networks import ANCHOR, find_network, network_in
from microface.console import console, table
from microface.errors import UserError
from microface.files import write_json
from microface.models import names

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
    target: Annotated[list[str] | None, typer.Option(help="Chips; default: both shipped ones.")] = None,
    tflite: Annotated[
        Path | None, typer.Option(help="The anchor as TFLite, to time LiteRT on it.", metavar="FILE")
    ] = None,
    json: Annotated[Path, typer.Option("--json", help="Write the figures here.", metavar="FILE")] = Path(
        "build/bench.json"
    ),
) -> None:
    """Count instructions and measure memory on the emulated chips, and time on this computer.

    Example: `microface bench --json build/bench.json`
    """
    require_emulator()
    anchor = find_tflite(tflite)
    chosen, chips = network or [ANCHOR, *names()], target or list(CHIPS)
    rows = [measure_on_chip(find_network(name), Target.load(chip)) for name in chosen for chip in chips]
    _show_chips(rows)
    hosts = [_time_on_host(name, anchor if name == ANCHOR else None) for name in chosen]
    _show_hosts(hosts)
    if ANCHOR in chosen and not any(each["litert_milliseconds"] for each in hosts):
        console.print(_what_litert_needs(anchor), highlight=False, markup=False)
    write_json(json, [*(row.to_json() for row in rows), *hosts])
    console.print(f"figures in {json}", highlight=False)


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


def _show_chips(rows: Iterable[ChipFigures]) -> None:
    for name, group in groupby(rows, key=lambda row: row.network):
        columns = ("chip", "instructions", "per MAC", "arena B", "flash B", "stack B", "ms, estimate")
        console.print(table(f"{name}: one inference, counted on the emulated chip", columns, map(_cells, group)))
    published = [(what, f"{count / 1e6:.2f} M", f"{arena:,}") for what, count, arena in PUBLISHED]
    console.print(table(f"Published for the network {ANCHOR}", ("toolchain", "instructions", "arena B"), published))


def _cells(row: ChipFigures) -> tuple[str, ...]:
    sizes = (f"{size:,}" for size in (row.arena_bytes, row.flash_bytes, row.stack_bytes))
    low, high = row.estimated_milliseconds
    cost = f"{row.instructions / 1e6:.2f} M", f"{row.instructions / row.macs:.2f}" if row.macs else "-"
    return (row.target, *cost, *sizes, f"{low:.3g} to {high:.3g}")


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
