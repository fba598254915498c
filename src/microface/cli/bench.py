"""`microface bench`: the figures of this release beside the published ones."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

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
from microface.files import write_json
from microface.models import names

CHIPS = ("stm32h743zi", "nrf52840")
TFLITE = Path("../shared/anchors/mnv2_05_96.tflite")
"""The same geometry as TFLite, for the time of LiteRT; it lies with the research data."""
PUBLISHED = (
    ("M7, CMSIS-NN in TFLite Micro", "63.97 M", "233,000"),
    ("M4, CMSIS-NN in TFLite Micro", "64.29 M", "233,000"),
    ("M7, TinyEngine as it ships (float requantisation)", "50.97 M", "135,008"),
    ("M7, TinyEngine by patches (float requantisation)", "55.36 M", "118,880"),
)
"""Measured with the same geometry and counting: TFLM 90b983c2b, CMSIS-NN 99f736a6, TinyEngine 47bb283."""


def bench(
    network: Annotated[list[str] | None, typer.Argument(help="Networks; default: the anchor and all shipped.")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Chips; default: both shipped ones.")] = None,
    json: Annotated[Path, typer.Option("--json", help="Write the figures here.", metavar="FILE")] = Path(
        "build/bench.json"
    ),
) -> None:
    """Count instructions and measure memory on the emulated chips, and time on this computer.

    Example: `microface bench --json build/bench.json`
    """
    require_emulator()
    chosen, chips = network or [ANCHOR, *names()], target or list(CHIPS)
    rows = [measure_on_chip(find_network(name), Target.load(chip)) for name in chosen for chip in chips]
    _show_chips(rows)
    hosts = [_time_on_host(name) for name in chosen]
    _show_hosts(hosts)
    write_json(json, [*(row.to_json() for row in rows), *hosts])
    console.print(f"figures in {json}", highlight=False)


def _show_chips(rows: Iterable[ChipFigures]) -> None:
    cells = [
        (
            f"{row.network} on {row.target}",
            f"{row.instructions / 1e6:.2f} M",
            f"{row.arena_bytes:,}",
            f"{row.flash_bytes:,}",
            f"{row.stack_bytes:,}",
            f"{row.instructions / row.macs:.2f}",
            "{:.0f} to {:.0f}".format(*row.estimated_milliseconds),
        )
        for row in rows
    ]
    cells += [(f"published: {what}", count, arena, "", "", "", "") for what, count, arena in PUBLISHED]
    columns = ("network", "instructions", "arena B", "flash B", "stack B", "per MAC", "ms (estimate)")
    console.print(table("One inference, counted on the emulated chip (published: the anchor network)", columns, cells))


def _time_on_host(name: str) -> dict[str, Any]:
    source = find_network(name)
    network, device = network_in(source), HostDevice(source)
    return {
        "network": device.model.name,
        "target": "host",
        "macs": network.macs,
        "arena_bytes": device.plan.arena_bytes,
        "milliseconds": host_milliseconds(device),
        "litert_milliseconds": litert_milliseconds(TFLITE) if name == ANCHOR else None,
    }


def _show_hosts(hosts: list[dict[str, Any]]) -> None:
    rows = [
        (each["network"], f"{each['milliseconds']:.3f}", _milliseconds(each["litert_milliseconds"])) for each in hosts
    ]
    columns = ("network", "microface, ms", "LiteRT XNNPACK, ms")
    console.print(table("One inference on this computer, one thread", columns, rows))


def _milliseconds(value: float | None) -> str:
    return f"{value:.3f}" if value is not None else "not measured"
