"""`microface nets`: the families of networks with what they cost."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from microface.chip.devices.bench import measure_on_chip, require_emulator
from microface.chip.targets import Target
from microface.cli.networks import network_options, untrained
from microface.cli.options import JsonFile, save_json
from microface.cli.train import prepare
from microface.console import console, table
from microface.errors import UserError

_TABLES = ("mobilenetv2",)


def nets(
    network: Annotated[
        list[str] | None, typer.Argument(help="Families, with options: facenet:late=80; default: all.")
    ] = None,
    target: Annotated[str, typer.Option(help="Build for this chip and count on the emulated one.")] = "",
    published: Annotated[str, typer.Option("--table", help="Compute a published table: mobilenetv2.")] = "",
    json: JsonFile = None,
) -> None:
    """List families of networks: parameters, multiply-accumulates, and what they cost on a chip.

    Example: `microface nets facenet mobilefacenet:width=0.45 --target stm32h743zi`
    """
    prepare("microface nets")
    if published:
        save_json(json, _show_published(published))
        return
    from microface.learn.nets import names

    chosen = network or [*names(), *names("presence")]
    rows = [_figures(name) | (_on_chip(name, target) if target else {}) for name in chosen]
    _show(rows, target)
    save_json(json, rows)


def _figures(text: str) -> dict[str, Any]:
    from microface.learn.nets.size import empty_size

    family, options = network_options(text)
    size = empty_size(family, options)
    figures = {"network": text, "input": list(options.input_shape[1:]), "embedding": options.embedding}
    return figures | {"macs": size.macs, "parameters": size.parameters}


def _on_chip(text: str, target: str) -> dict[str, Any]:
    require_emulator()
    family, _, options = text.partition(":")
    counted = measure_on_chip(untrained(family, options), Target.load(target)).to_json()
    return {key: counted[key] for key in ("target", "instructions", "arena_bytes", "flash_bytes")}


def _show(rows: list[dict[str, Any]], target: str) -> None:
    columns = ["network", "w x h", "MACs", "params"]
    columns += ["count", "arena", "flash"] if target else ["embedding"]
    title = f"Networks; instructions counted on the emulated {target}" if target else "Networks"
    console.print(table(title, columns, map(_cells, rows), whole=len(columns)))


def _cells(row: dict[str, Any]) -> list[str]:
    height, width = row["input"]
    cells = [row["network"], f"{width}x{height}", f"{row['macs'] / 1e6:.1f} M", f"{row['parameters'] / 1e3:,.0f} k"]
    if "target" not in row:
        return [*cells, str(row["embedding"])]
    sizes = (f"{row[key] / 1024:,.0f} KiB" for key in ("arena_bytes", "flash_bytes"))
    return [*cells, f"{row['instructions'] / 1e6:.2f} M", *sizes]


def _show_published(name: str) -> list[dict[str, Any]]:
    if name not in _TABLES:
        raise UserError(f"--table {name}", "is not a published table", f"choose one of {', '.join(_TABLES)}")
    from microface.learn.nets.published import mobilenet_v2_table

    rows = mobilenet_v2_table()
    columns = ("variant", "M MACs", "M parameters", "MB", "MACs", "kept")
    cells = [
        (v.name, v.macs_millions, v.parameters_millions, v.memory_megabytes, f"{v.macs:,}", f"{v.weights_kept:,}")
        for v in rows
    ]
    console.print(table("MobileNetV2 by width and resolution, by the rules of the guide", columns, cells))
    return [asdict(row) for row in rows]
