"""Options that several verbs share, described once."""

from pathlib import Path
from typing import Annotated, Any

import typer

from microface.files import write_json

JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file too.", metavar="FILE")]
TargetName = Annotated[str, typer.Option("--target", help="The chip: see `microface targets`.", metavar="NAME")]
Reserve = Annotated[str, typer.Option(help="What your application keeps: bytes, or a size like 64KiB.", metavar="N")]
ModelName = Annotated[str, typer.Argument(help="A shipped model (see `microface models`) or a .mface file.")]
NetworkName = Annotated[str, typer.Argument(help="A shipped model, a .mface package or a bare .mfn network.")]


def save_json(path: Path | None, value: Any) -> None:
    """Write `value` where `--json` asked for it."""
    if path is not None:
        write_json(path, value)
