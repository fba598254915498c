"""`microface plan`: will it fit beside an application, and how fast, before anything is built."""

from pathlib import Path
from typing import Annotated

import typer

from microface.chip.application.settings import Settings
from microface.chip.firmware.build import Options
from microface.chip.plan import Plan
from microface.chip.plan import plan as make_plan
from microface.chip.plan.alternatives import with_alternatives
from microface.chip.plan.picture import memory_map, save
from microface.chip.targets import Target
from microface.cli.accelerator import MODELS, runs_on_accelerator, show_application, show_plan, time_model
from microface.cli.beside import show_beside
from microface.cli.fit import memory_table, show_fit
from microface.cli.networks import families, find_network, network_in, warn_drawn
from microface.cli.options import JsonFile, Reserve, TargetName, save_json
from microface.console import console
from microface.errors import UserError
from microface.sizes import parse_size


def plan(
    networks: Annotated[
        list[str],
        typer.Argument(
            help="A shipped model, a .mface package or a bare .mfn network; on an accelerator several, side by side.",
            metavar="NETWORK...",
        ),
    ],
    target: TargetName,
    reserve_flash: Reserve = "0",
    reserve_ram: Reserve = "0",
    picture: Annotated[Path | None, typer.Option(help="Draw the memory map to this file.", metavar="FILE")] = None,
    time: Annotated[
        str, typer.Option(help="Model of an accelerator's time: hardware or deck; both side by side.")
    ] = "hardware",
    application: Annotated[
        bool, typer.Option("--application", help="Estimate frame to verdict and crops a second on an accelerator.")
    ] = False,
    json: JsonFile = None,
) -> None:
    """Say where everything would lie on a chip and what a run is estimated to cost.

    Example: `microface plan default --target nrf52840 --reserve-flash 200KiB --reserve-ram 64KiB`
    or, what a change of layers brings: `microface plan facenet_v2 facenet_v6 --target max78000 --time both`
    """
    chip, reserves = Target.load(target), (parse_size(reserve_flash), parse_size(reserve_ram))
    for name in networks:
        warn_drawn(name)
    if len(networks) > 1:
        _plan_beside(networks, chip, time, any(reserves) or picture is not None or application, json)
        return
    found = find_network(networks[0])
    source = network_in(found)
    if runs_on_accelerator(source, chip):
        frames = Settings(rows=True) if application else None
        options = Options(reserve_flash=reserves[0], reserve_ram=reserves[1], application=frames)
        facts = show_plan(found, chip, time, options, picture)
        if application:
            show_application(found, chip)
        save_json(json, facts)
        if not facts["fits"]:
            raise typer.Exit(1)
        return
    _refuse_for_processor(chip, time, application)
    planned = make_plan(source, chip, *reserves)
    if not planned.fits:
        with console.status("looking which networks would fit"):
            planned = with_alternatives(planned, chip, *reserves, families())
    _show(planned, chip)
    if picture is not None:
        save(memory_map(planned, chip), picture)
    save_json(json, planned.to_json())
    if not planned.fits:
        raise typer.Exit(1)


def _plan_beside(names: list[str], chip: Target, time: str, more: bool, json: Path | None) -> None:
    """Show several networks side by side."""
    if more:
        mend = "plan one network at a time, or leave out --reserve-flash, --reserve-ram, --picture and --application"
        raise UserError(f"{len(names)} networks", "are compared by layers and times only", mend)
    models = MODELS if time == "both" else (time_model(time),)
    save_json(json, show_beside([network_in(find_network(name)) for name in names], chip, models))


def _refuse_for_processor(chip: Target, time: str, application: bool) -> None:
    """Raise a `UserError` for options that only say something of accelerators."""
    if time != "hardware":
        raise UserError(
            f"--time {time}", f"is about accelerators, and {chip.name} runs this on its processor", "omit it"
        )
    if application:
        raise UserError(
            "--application",
            f"is estimated on accelerators, and {chip.name} runs this on its processor",
            f"count it: microface demo --film --target {chip.name}",
        )


def _show(planned: Plan, chip: Target) -> None:
    lines = (*planned.flash, planned.gallery, *planned.ram)
    console.print(memory_table(f"{planned.network} on {chip.title}", lines, chip))
    low, high = planned.milliseconds
    bound = "no smaller one exists" if planned.arena_exact else f"none below {planned.lower_bound_bytes:,} exists"
    console.print(f"arena {planned.arena_bytes:,} bytes in {planned.arena_memory} ({bound})", highlight=False)
    console.print(
        f"estimate: {_rounded(planned.instructions)} instructions, {low:.3g} to {high:.3g} ms "
        f"({planned.milliseconds_from})",
        highlight=False,
    )
    _show_verdict(planned)


def _rounded(count: int) -> str:
    return f"{count / 1e6:.1f} million" if count >= 1e6 else f"{count / 1e3:.0f} thousand"


def _show_verdict(planned: Plan) -> None:
    show_fit(planned.shortages)
    if planned.fits:
        return
    others = ", ".join(planned.alternatives) or "no shipped model"
    trainable = ", ".join(planned.alternative_families) or "none known here"
    console.print(f"would fit beside the same reserves: {others}", highlight=False)
    console.print(f"families to train that would fit as they begin: {trainable}", highlight=False)
