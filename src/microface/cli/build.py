"""`microface build`: the C firmware of a network, compiled."""

from pathlib import Path
from typing import Annotated

import typer

from microface.chip.application.settings import Settings
from microface.chip.firmware.build import Options
from microface.chip.firmware.build import build as build_firmware
from microface.chip.firmware.folder import Firmware
from microface.chip.firmware.max78000.project import build_accelerator
from microface.chip.targets import Target
from microface.cli.accelerator import runs_on_accelerator, show_build
from microface.cli.networks import find_network, network_in, warn_drawn
from microface.cli.options import JsonFile, NetworkName, Reserve, TargetName, save_json
from microface.console import console, table
from microface.errors import UserError
from microface.sizes import parse_size


def build(
    network: NetworkName,
    target: TargetName,
    output: Annotated[Path, typer.Option(help="The folder to write; an older firmware there is replaced.")],
    source_only: Annotated[bool, typer.Option(help="Write C and CMakeLists.txt for your own project only.")] = False,
    reserve_flash: Reserve = "0",
    reserve_ram: Reserve = "0",
    application: Annotated[
        bool, typer.Option("--application", help="Add the application: frames of a camera in, lines out.")
    ] = False,
    rows: Annotated[
        bool, typer.Option("--rows", help="The camera delivers rows: the application keeps only the part it needs.")
    ] = False,
    wake: Annotated[
        str | None, typer.Option(help="A face / no-face network that looks at each frame first.", metavar="NETWORK")
    ] = None,
    compiler: Annotated[str, typer.Option(help="zig (comes along) or gcc (e.g. arm-none-eabi-gcc).")] = "zig",
    json: JsonFile = None,
) -> None:
    """Generate C firmware for a chip and compile it.

    Example: `microface build default --target stm32h743zi --output firmware`
    """
    reserves = parse_size(reserve_flash), parse_size(reserve_ram)
    if (wake is not None or rows) and not application:
        what = "--rows" if rows else f"--wake {wake}"
        raise UserError(what, "is about frames, which the application takes", "add --application")
    front = network_in(find_network(wake)) if wake is not None else None
    extra = Settings(rows=rows) if application else None
    options = Options(source_only, compiler, *reserves, application=extra, wake=front)
    source, chip = find_network(network), Target.load(target)
    for name in (network, *([wake] if wake is not None else [])):
        warn_drawn(name)
    if runs_on_accelerator(network_in(source), chip):
        firmware = build_accelerator(source, chip, output, options)
        show_build(firmware)
        save_json(json, firmware.facts)
        return
    firmware = build_firmware(source, chip, output, source_only, options)
    _show(firmware)
    save_json(json, firmware.facts)


def _show(firmware: Firmware) -> None:
    facts = firmware.facts
    if facts["measured"] is None:
        console.print(f"sources of {facts['model']} for {facts['target']} in {firmware.folder}", highlight=False)
    else:
        measured = facts["measured"]
        parts = ("code_bytes", "constant_bytes", "data_bytes", "arena_bytes", "stack_bytes")
        rows = [(part.removesuffix("_bytes"), f"{measured[part]:,}") for part in parts]
        rows.append(("flash in all, without gallery", f"{measured['flash_bytes']:,}"))
        console.print(table(f"{facts['model']} on {facts['target']}, measured", ("what", "bytes"), rows))
        console.print(f"firmware in {firmware.folder}; run it: microface emulate {firmware.folder} --input FILE")
    console.print(f"licence of the weights: {facts['licence']}", style="dim", highlight=False)
