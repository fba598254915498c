"""`microface evaluate open-set`: half of the people enrolled, the others unknown."""

from typing import Annotated, cast

import typer

from microface import models
from microface.cli.evaluate.options import (
    ALL_THREADS,
    Crop,
    EngineOption,
    PeopleList,
    PeopleRoot,
    PreprocessOption,
    RocPicture,
    ScoreOption,
    Teacher,
    Threads,
    origin,
    percent,
    used_engine,
)
from microface.cli.galleries import say
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console, table
from microface.evaluate.crops import CropName, crops_of_files
from microface.evaluate.engines import Engine
from microface.evaluate.open_set import Draws, OpenSetResult, judge, run_trials
from microface.evaluate.people import people_files
from microface.evaluate.plots import save_roc
from microface.people.threshold import DEFAULT_RATE


def open_set(
    network: NetworkName,
    root: PeopleRoot,
    people: PeopleList = None,
    enrolled: Annotated[int, typer.Option(help="Photos enrolled of a person, at most.")] = 5,
    times: Annotated[int, typer.Option(help="How many different halves of the people are enrolled.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of the halves.")] = 0,
    rate: Annotated[float, typer.Option(help="False-accept rate that thresholds are chosen for.")] = DEFAULT_RATE,
    engine: EngineOption = "integer",
    preprocess: PreprocessOption = "aligned",
    teacher: Teacher = None,
    score: ScoreOption = None,
    crop: Crop = "aligned",
    roc: RocPicture = None,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Enrol half of the people, let the others be strangers: who is let in, and under whose name?

    Example: `microface evaluate open-set default --root lfw --people lfw/people_30.txt --enrolled 3`
    """
    photos = people_files(root, people)
    used = used_engine(engine, network, score, teacher, threads, preprocess)
    crops, failed = crops_of_files(root, photos.files, used.preprocess, cast(CropName, crop))
    trial = run_trials(used.score, used.centred(crops), photos.owners, Draws(enrolled, times, seed))
    package = models.load(network) if used.name == "integer" else None
    own_score = package is not None and package.score == used.score.name
    result = judge(trial, package.statistics_of(crop) if package is not None and own_score else None, rate)
    _show_open_set(used, result)
    if roc is not None:
        curves = [("strangers", result.roc), ("strangers and wrong names", result.roc_misnamed)]
        save_roc(roc, curves, f"open set, {used.network}, {used.name}", result.strangers // times)
    save_json(json, {**result.to_json(), **origin(used, crop, failed, len(photos.files))})


def _show_open_set(used: Engine, result: OpenSetResult) -> None:
    lines = [
        ("nearest to the corner", result.best_corner),
        (f"at most {100 * result.rate:.2g} % of these strangers", result.chosen_rate),
    ]
    if result.from_statistics is not None:
        lines.append(("from the package's statistics", result.from_statistics))
    rows = [
        (
            name,
            f"{at.threshold:,.0f}",
            f"{100 * at.named_right:.1f} % ({percent(at.named_right_interval)})",
            f"{100 * at.false_accepts:.2f} % ({percent(at.false_accepts_interval)})",
        )
        for name, at in lines
    ]
    title = f"{used.network}, {used.name}: {result.enrolled} of {result.people} people enrolled"
    console.print(table(title, ("threshold", "value", "named right", "strangers accepted"), rows))
    say(
        f"DIR at FPIR {each.fpir:g}: {100 * each.dir:.1f} % (95 %: {percent((each.low, each.high))})"
        for each in result.dir_at_fpir
    )
