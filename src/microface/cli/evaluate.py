"""`microface evaluate`: how well a network recognises, on data sets with an official protocol or on your own."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from microface import models
from microface.cli.galleries import say
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console, table
from microface.evaluate.carded import write_lfw
from microface.evaluate.crops import CropName, crops_of_files
from microface.evaluate.engines import Engine, EngineName, open_engine
from microface.evaluate.lfw import LfwResult, measure
from microface.evaluate.open_set import Draws, OpenSetResult, judge, run_trials
from microface.evaluate.pairs import find_root, parse_folds, read_pairs
from microface.evaluate.people import people_files
from microface.evaluate.plots import save_roc
from microface.evaluate.visits import genuine_at, measure_dataset, to_json
from microface.metrics.roc import roc
from microface.network.scores import ScoreName
from microface.people.threshold import DEFAULT_RATE
from microface.photos.dataset import Dataset

app = typer.Typer(help="Measure recognition on the integer network, a float one or the teacher.", no_args_is_help=True)

EngineOption = Annotated[str, typer.Option("--engine", help="integer (what ships), float or teacher.")]
Teacher = Annotated[Path | None, typer.Option(help="The teacher's ONNX file, for --engine teacher.", metavar="FILE")]
Score = Annotated[str | None, typer.Option(help="l1, l2, l2norm or cosine; the package's own unless given.")]
Crop = Annotated[str, typer.Option(help="aligned as the package says; boxes or centre: what a chip can make.")]
Picture = Annotated[Path | None, typer.Option("--roc", help="Draw the ROC to this PNG or SVG.", metavar="FILE")]
Card = Annotated[Path | None, typer.Option(help="Write the accuracy into this package's card.", metavar="FILE")]
Threads = Annotated[int, typer.Option(help="Threads of the engine.")]
ALL_THREADS = os.cpu_count() or 1


@app.command("lfw")
def lfw(
    network: NetworkName,
    root: Annotated[Path, typer.Option(help="Folder of LFW's NAME folders, or its parent.")],
    pairs: Annotated[Path, typer.Option(help="LFW's pairs.txt.")],
    engine: EngineOption = "integer",
    teacher: Teacher = None,
    score: Score = None,
    mirror: Annotated[bool, typer.Option(help="Add the mirror image's embedding to each photo's.")] = False,
    crop: Crop = "aligned",
    folds: Annotated[str | None, typer.Option(help="Folds, for example 1-5; all of the file unless given.")] = None,
    roc: Picture = None,
    card: Card = None,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Measure LFW's View 2: are two photos of the same person?

    Example: `microface evaluate lfw default --root lfw --pairs lfw/pairs.txt --folds 1-5 --json lfw.json`
    """
    wanted = read_pairs(pairs, parse_folds(folds) if folds else None)
    folder = find_root(root, wanted.files)
    used = _engine(engine, network, score, teacher, threads)
    crops, failed = crops_of_files(folder, wanted.files, used.preprocess, cast(CropName, crop))
    result = measure(used, wanted, crops, failed_detections=failed, mirror=mirror, crop=crop)
    _show_lfw(result)
    if roc is not None:
        _draw_lfw(roc, result)
    if card is not None:
        write_lfw(card, result)
    save_json(json, result.to_json())


def _engine(name: str, network: str, score: str | None, teacher: Path | None, threads: int) -> Engine:
    return open_engine(cast(EngineName, name), network, cast("ScoreName | None", score), teacher, threads)


def _show_lfw(result: LfwResult) -> None:
    value = result.to_json()
    rows = [
        ("accuracy", f"{100 * result.accuracy.mean:.2f} % +- {100 * result.accuracy.std_error:.2f}"),
        ("AUC", f"{result.auc:.4f}"),
        *((f"true accepts at false accepts {rate}", f"{tar:.4f}") for rate, tar in result.tar_at_far.items()),
        ("pairs", f"{value['pairs']:,} in folds {', '.join(map(str, result.folds))}"),
        ("photos without a found face (centre crop used)", value["failed_detections"]),
        ("seconds, crops ready", f"{result.seconds:.1f}"),
    ]
    used = result.engine
    mirror = ", mirror added" if result.mirror else ""
    title = f"{used.network}, {used.name}, {used.score.name}{mirror}, {result.crop}"
    console.print(table(title, ("what", "value"), rows))


def _draw_lfw(path: Path, result: LfwResult) -> None:
    curve = roc(result.distances[result.same], result.distances[~result.same])
    label = f"{result.engine.network}, {result.engine.name}: {100 * result.accuracy.mean:.2f} %"
    impostors = int((~result.same).sum())
    save_roc(path, [(label, curve)], f"LFW, {len(result.same):,} pairs", impostors)
    say([f"ROC in {path}"])


@app.command("open-set")
def open_set(
    network: NetworkName,
    root: Annotated[Path, typer.Option(help="A folder of photos per person.")],
    people: Annotated[Path | None, typer.Option(help="Lines GROUP/NAME/FILE that pick photos below --root.")] = None,
    enrolled: Annotated[int, typer.Option(help="Photos enrolled of a person, at most.")] = 5,
    times: Annotated[int, typer.Option(help="How many different halves of the people are enrolled.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of the halves.")] = 0,
    rate: Annotated[float, typer.Option(help="False-accept rate of the threshold from the statistics.")] = DEFAULT_RATE,
    engine: EngineOption = "integer",
    teacher: Teacher = None,
    score: Score = None,
    crop: Crop = "aligned",
    roc: Picture = None,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Enrol half of the people, let the others be strangers: who is let in, and under whose name?

    Example: `microface evaluate open-set default --root lfw --people lfw/people_30.txt --enrolled 3`
    """
    files, owners = people_files(root, people)
    used = _engine(engine, network, score, teacher, threads)
    crops, failed = crops_of_files(root, files, used.preprocess, cast(CropName, crop))
    trial = run_trials(used.score, used.centred(crops), owners, Draws(enrolled, times, seed))
    package = models.load(network) if used.name == "integer" else None
    own_score = package is not None and package.score == used.score.name
    result = judge(trial, package.statistics if package is not None and own_score else None, rate)
    _show_open_set(used, result)
    if roc is not None:
        curves = [("strangers", result.roc), ("strangers and wrong names", result.roc_misnamed)]
        save_roc(roc, curves, f"open set, {used.network}, {used.name}", result.strangers // times)
    save_json(json, {**result.to_json(), **_origin(used, crop, failed, len(files))})


def _origin(used: Engine, crop: str, failed: int, photos: int) -> dict[str, Any]:
    names = {"network": used.network, "model_id": used.model_id, "engine": used.name, "score": used.score.name}
    return {**names, "crop": crop, "failed_detections": failed, "photos": photos}


def _show_open_set(used: Engine, result: OpenSetResult) -> None:
    lines = [("nearest to the corner", result.best_corner)]
    if result.from_statistics is not None:
        lines.append(("from the package's statistics", result.from_statistics))
    rows = [
        (
            name,
            f"{at.threshold:,.0f}",
            f"{100 * at.named_right:.1f} % ({_percent(at.named_right_interval)})",
            f"{100 * at.false_accepts:.2f} % ({_percent(at.false_accepts_interval)})",
        )
        for name, at in lines
    ]
    title = f"{used.network}, {used.name}: {result.enrolled} of {result.people} people enrolled"
    console.print(table(title, ("threshold", "value", "named right", "strangers accepted"), rows))
    say(
        f"DIR at FPIR {each.fpir:g}: {100 * each.dir:.1f} % (95 %: {_percent((each.low, each.high))})"
        for each in result.dir_at_fpir
    )


@app.command("visits")
def visits(
    network: NetworkName,
    data: Annotated[Path, typer.Option(help="Data set that `microface prepare` made, with held-out people.")],
    output: Annotated[Path | None, typer.Option(help="Write the package with these statistics here (.mface).")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the photos enrolled.")] = 0,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Count how often visits of held-out people are accepted: the statistics that thresholds are chosen from.

    Example: `microface evaluate visits default --data build/faces --json visits.json`
    """
    used = open_engine("integer", network, threads=threads)
    statistics = measure_dataset(Dataset.open(data), used, seed)
    found = genuine_at(statistics)
    names = sorted({name for rates in found.values() for name in rates}, key=float, reverse=True)
    rows = [(n, *(f"{rates[name]:.4f}" if name in rates else "-" for name in names)) for n, rates in found.items()]
    title = f"{used.network}, {used.score.name}: genuine visits accepted, by strangers accepted per person"
    console.print(table(title, ("photos", *names), rows))
    trials = f"{statistics.strangers.trials[0]:,} visits of strangers"
    say([f"{statistics.strangers.people[0]:,} held-out people; {trials} with {statistics.photos[0]} photo enrolled"])
    if output is not None:
        replace(models.load(network), statistics=statistics).save(output)
        say([f"package with these statistics in {output}"])
    save_json(json, to_json(statistics, used))


def _percent(interval: tuple[float, float]) -> str:
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f} %"
