"""`microface evaluate identification`: whose photo is it, and is it anybody's? The protocol of system A."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from microface.cli.evaluate.options import (
    ALL_THREADS,
    Crop,
    EngineOption,
    PeopleList,
    PeopleRoot,
    PreprocessOption,
    RocPicture,
    Teacher,
    Threads,
    origin,
    percent,
    used_engine,
)
from microface.cli.galleries import say
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console, table
from microface.evaluate.crops import CropName, crops_of_files, shipped_crops
from microface.evaluate.engines import Engine
from microface.evaluate.identification import PROTOCOL_SCORE, GroupFigures, UnknownFigures, identify_groups
from microface.evaluate.people import PeoplePhotos, people_files
from microface.evaluate.plots import save_confusions, save_unknown
from microface.network.scores import ScoreName

Protocol = Annotated[str, typer.Option("--score", help="The distance that names: l2 as in the protocol, or another.")]
Rate = Annotated[float, typer.Option(help="False-accept rate of strangers that a threshold is chosen for.")]
Confusions = Annotated[Path | None, typer.Option(help="Draw the confusion matrices to this PNG or SVG.")]
Figures = tuple[GroupFigures, ...]


def identification(
    network: NetworkName,
    root: PeopleRoot,
    people: PeopleList = None,
    engine: EngineOption = "integer",
    preprocess: PreprocessOption = "aligned",
    teacher: Teacher = None,
    score: Protocol = PROTOCOL_SCORE,
    rate: Rate = 0.01,
    crop: Crop = "aligned",
    confusion: Confusions = None,
    roc: RocPicture = None,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Name each photo by the nearest mean distance to everybody's other photos; groups (women, men) apart.

    With `--teacher FILE` the teacher stands beside the network.

    Example: `microface evaluate identification default --root lfw --people lfw/people_30.txt --confusion c.png`
    """
    photos = people_files(root, people)
    engines = [used_engine(engine, network, None, teacher, threads, preprocess)]
    if teacher is not None and engine != "teacher":
        engines.append(used_engine("teacher", network, None, teacher, threads, preprocess))
    measured = [_measure(used, root, photos, cast(CropName, crop), cast(ScoreName, score), rate) for used in engines]
    for used, figures, _ in measured:
        _show(used, figures)
    shipped = _as_shipped(engines[0], root, photos, cast(ScoreName, score), crop)
    if confusion is not None:
        save_confusions(confusion, [(f"{used.network}, {used.name}", figures) for used, figures, _ in measured])
    if roc is not None:
        save_unknown(roc, measured[0][1], f"strangers, {engines[0].network}, {engines[0].name}")
    beside = measured[1][2] if len(measured) > 1 else None
    save_json(json, {**measured[0][2], "as_shipped": shipped, "teacher": beside})


def _as_shipped(used: Engine, root: Path, photos: PeoplePhotos, score: ScoreName, crop: str) -> dict[str, Any]:
    """Return {crop: {group: top-1}} of the integer network with the crops that a chip can make, and print it."""
    if used.name != "integer" or crop != "aligned":
        return {}
    found = {name: _measure(used, root, photos, name, score, 1.0)[1] for name in shipped_crops(used.preprocess)}
    say(
        f"as shipped, {name}: " + ", ".join(f"{each.group or 'all'} {100 * each.top1:.1f} %" for each in figures)
        for name, figures in found.items()
    )
    return {name: {each.group: each.top1 for each in figures} for name, figures in found.items()}


def _measure(
    used: Engine, root: Path, photos: PeoplePhotos, crop: CropName, score: ScoreName, rate: float
) -> tuple[Engine, Figures, dict[str, Any]]:
    crops, failed = crops_of_files(root, photos.files, used.preprocess, crop)
    figures = identify_groups(used, photos, used.centred(crops), score, rate)
    about = {**origin(used, crop, failed, len(photos.files)), "score": score}
    return used, figures, {**about, "groups": [each.to_json() for each in figures]}


def _show(used: Engine, figures: Figures) -> None:
    rows = [_row(each) for each in figures]
    columns = ("group", "people", "photos", "named right", "95 %", "by other distances")
    console.print(table(f"{used.network}, {used.name}: identification, {figures[0].score}", columns, rows))
    lines = [(each.group, unknown) for each in figures for unknown in each.unknown]
    if lines:
        title = f"{used.network}, {used.name}: photos of the other groups are strangers"
        columns = ("enrolled", "score", "rule", "threshold", "named right", "strangers accepted")
        console.print(table(title, columns, _unknown_rows(lines)))
        say(["counted with wrong names: an enrolled person's photo under another name is a false accept too"])


def _row(each: GroupFigures) -> tuple[str, ...]:
    others = ", ".join(f"{name} {100 * top1:.1f}" for name, top1 in each.top1_by_score.items() if name != each.score)
    told = f"{100 * each.top1:.1f} %", percent(each.interval), others
    return (each.group or "all", str(len(each.people)), str(each.photos), *told)


def _unknown_rows(lines: Sequence[tuple[str, UnknownFigures]]) -> list[tuple[str, ...]]:
    return [
        (group, unknown.score, rule, f"{at.threshold:,.0f}", f"{100 * at.named_right:.1f} %", _accepted(at))
        for group, unknown in lines
        for rule, at in (
            ("nearest to the corner", unknown.corner),
            ("nearest, counted with wrong names", unknown.corner_misnamed),
            (f"at most {100 * unknown.rate:.1f} % of strangers", unknown.chosen_rate),
        )
    ]


def _accepted(at: Any) -> str:
    return f"{100 * at.false_accepts:.1f} % ({percent(at.false_accepts_interval)})"
