"""`microface models`: the shipped models with size, cost, accuracy and licence."""

from typing import Any

from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.models import ModelPackage, load, names
from microface.sizes import show_size


def models(json: JsonFile = None) -> None:
    """List the shipped models with size, cost, accuracy and licence.

    Example: `microface models --json models.json`
    """
    packages = [load(name) for name in names()]
    columns = ("model", "input", "embedding", "MACs", "weights", "LFW, integer", "licence")
    console.print(table("Shipped models", columns, map(_row, packages)))
    for package in packages:
        console.print(f"[bold]{package.name}[/]: {package.card.summary} {package.card.limits}")
    save_json(json, [_json(package) for package in packages])


def _row(package: ModelPackage) -> tuple[str, ...]:
    height, width, _ = package.network.input.shape
    lfw = package.card.find("lfw accuracy")
    return (
        package.name,
        f"{width} x {height} {package.preprocess.geometry}",
        str(package.embedding_size),
        f"{package.network.macs / 1e6:.1f} M",
        show_size(package.network.constant_bytes),
        f"{100 * lfw.value:.2f} %" if lfw else "not measured",
        package.card.licence.split(",")[0],
    )


def _json(package: ModelPackage) -> dict[str, Any]:
    return {
        "name": package.name,
        "model_id": package.model_id,
        "preprocess": package.preprocess.to_json(),
        "score": package.score,
        "embedding": package.embedding_size,
        "macs": package.network.macs,
        "constant_bytes": package.network.constant_bytes,
        "card": package.card.to_json(),
    }
