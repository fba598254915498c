"""`microface models`: the shipped models with size, cost, accuracy and licence."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.evaluate.costs import told_milliseconds
from microface.models import Cost, Measurement, ModelCard, ModelPackage, load, names
from microface.models.presence import ACCURACY, PresenceModel, load_presence, presence_names
from microface.sizes import show_size


def models(
    name: Annotated[str | None, typer.Argument(help="Show the card of this model or .mface file.")] = None,
    json: JsonFile = None,
) -> None:
    """List the shipped models with size, cost, accuracy and licence, or show one model's whole card.

    Example: `microface models default`
    """
    if name in presence_names():
        model = load_presence(str(name))
        _show_measured(model.card, model.name, _presence_fields(model))
        save_json(json, {"name": model.name, "card": model.card.to_json()})
        return
    if name is not None:
        package = load(name)
        show_card(package)
        save_json(json, _json(package))
        return
    packages = [load(name) for name in names()]
    columns = ("model", "input", "embedding", "MACs", "weights", "LFW, integer")
    console.print(table("Shipped models", columns, map(_row, packages), whole=1))
    for package in packages:
        console.print(f"[bold]{package.name}[/]: {package.card.summary}")
    for (licence, limits), alike in _terms(packages).items():
        console.print(f"[bold]{', '.join(alike)}[/]: {licence} {limits}")
    if presence_names():
        heads = ("network", "input", "MACs", "weights", "accuracy, integer")
        rows = map(_presence_row, map(load_presence, presence_names()))
        console.print(table("Shipped networks for face or no face (docs/face-or-no-face.md)", heads, rows))
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
    )


def _terms(packages: Sequence[ModelPackage]) -> dict[tuple[str, str], list[str]]:
    """Return licence and limits of the packages, each with the names of those that have them."""
    found: dict[tuple[str, str], list[str]] = {}
    for package in packages:
        found.setdefault((package.card.licence, package.card.limits), []).append(package.name)
    return found


def _presence_row(model: PresenceModel) -> tuple[str, ...]:
    height, width, channels = model.network.input.shape
    found = model.card.find(ACCURACY)
    share = f"{100 * found.value:.1f} %" if found else "not measured"
    size = show_size(model.network.constant_bytes)
    return model.name, f"{width} x {height} x {channels}", f"{model.network.macs / 1e6:.1f} M", size, share


def _presence_fields(model: PresenceModel) -> Iterator[tuple[str, str]]:
    yield "summary", model.card.summary
    yield "cost", f"{model.network.macs:,} multiply-accumulates, {model.network.constant_bytes:,} bytes of constants"
    yield "training data", model.card.training_data
    yield "licence", model.card.licence
    yield "limits", model.card.limits


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


def show_card(package: ModelPackage) -> None:
    """Print the whole card of `package`."""
    _show_measured(package.card, package.name, _fields(package))


def _show_measured(card: ModelCard, name: str, fields: Iterator[tuple[str, str]]) -> None:
    console.print(table(name, ("field", "value"), fields))
    figures = card.measurements
    if figures:
        console.print(table("Measured", ("figure", "value", "engine", "on"), map(_figure, figures)))
    if card.costs:
        columns = ("chip", "instructions", "ms, estimate", "flash B", "arena B", "stack B", "by")
        console.print(table("One face costs", columns, map(_cost, card.costs)))
    commands = [*(each.command for each in figures), *(each.command for each in card.costs)]
    for command in dict.fromkeys(commands):
        console.print(command, style="dim", highlight=False, markup=False, soft_wrap=True)


def _fields(package: ModelPackage) -> Iterator[tuple[str, str]]:
    card, crop = package.card, package.preprocess
    yield "summary", card.summary
    yield "input", f"{crop.width} x {crop.height} {crop.geometry}, light {crop.light}"
    yield "embedding", f"{package.embedding_size} values, compared by {package.score}"
    yield (
        "cost",
        f"{package.network.macs:,} multiply-accumulates, {package.network.constant_bytes:,} bytes of constants",
    )
    yield "thresholds", _thresholds(package)
    yield "training data", card.training_data
    yield "teacher", card.teacher
    yield "licence", card.licence
    yield "limits", card.limits
    yield "model id", package.model_id


def _thresholds(package: ModelPackage) -> str:
    """Return what thresholds for strangers come from, for the package's own crop and for faces that boxes place."""
    own, boxes = package.statistics, package.box_statistics
    if own is None:
        return "no statistics of strangers: enroll with --threshold N"
    people, visits = int(own.strangers.people[0]), int(own.strangers.trials[0])
    told = f"by {visits:,} visits of strangers, {people:,} held-out people"
    return told if boxes is None else f"{told}; also for faces placed by boxes (export --to mface --crop boxes)"


def _figure(each: Measurement) -> tuple[str, ...]:
    error = f" +- {100 * each.std_error:.2f}" if each.std_error is not None else ""
    return each.metric, f"{100 * each.value:.2f} %{error}", each.engine, each.data


def _cost(each: Cost) -> tuple[str, ...]:
    sizes = (f"{size:,}" for size in (each.flash_bytes, each.arena_bytes, each.stack_bytes))
    by = "counted" if each.counted else "estimate"
    return each.target, f"{each.instructions:,}", told_milliseconds(each.milliseconds, each.accelerator), *sizes, by
