"""`microface evaluate conditions`: the same pairs with small, dark, blurred, grey, covered and turned copies."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, cast

import typer

from microface.cli.evaluate.options import (
    ALL_THREADS,
    Crop,
    EngineOption,
    Folds,
    LfwPairs,
    LfwRoot,
    PreprocessOption,
    ScoreOption,
    Teacher,
    Threads,
    chosen_folds,
    used_engine,
)
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console, table
from microface.evaluate.conditions import FIXED_RATE, ConditionResult, measure_conditions
from microface.evaluate.crops import CropName, shown_crop
from microface.evaluate.pairs import find_root, read_folds
from microface.evaluate.plots import save_conditions

Both = Annotated[
    bool, typer.Option("--both", help="Both photos of a pair are copies; else only the second, the visit.")
]
Picture = Annotated[Path | None, typer.Option(help="Draw the figures to this PNG or SVG.", metavar="FILE")]


def conditions(
    network: NetworkName,
    root: LfwRoot,
    pairs: LfwPairs,
    engine: EngineOption = "integer",
    preprocess: PreprocessOption = "aligned",
    teacher: Teacher = None,
    score: ScoreOption = None,
    crop: Crop = "aligned",
    folds: Folds = None,
    both: Both = False,
    picture: Picture = None,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Measure LFW's pairs again with poor copies as visits: faces are found in the photos as they are.

    Example: `microface evaluate conditions default --root lfw --pairs lfw/pairs.txt --folds 1-5 --picture c.png`
    """
    wanted = read_folds(pairs, chosen_folds(folds))
    folder = find_root(root, wanted.files)
    used = used_engine(engine, network, score, teacher, threads, preprocess)
    how = cast(CropName, crop)
    results = measure_conditions(used, folder, wanted, how, both=both)
    title = f"{used.network}, {used.name}, {used.score.name}, {shown_crop(crop, used.preprocess)}"
    _show(title, results)
    if picture is not None:
        save_conditions(picture, {how: results}, title)
    names = {"network": used.network, "model_id": used.model_id, "engine": used.name, "score": used.score.name}
    about = {**names, "crop": crop, "pairs": len(wanted), "folds": sorted(set(wanted.fold)), "both": both}
    save_json(json, {**about, "fixed_rate": FIXED_RATE, "conditions": [each.to_json() for each in results]})


def _show(title: str, results: Sequence[ConditionResult]) -> None:
    rows = [
        (
            each.name,
            f"{100 * each.accuracy:.2f} % +- {100 * each.std_error:.2f}",
            f"{100 * each.true_accepts:.1f} %",
            f"{100 * each.false_accepts:.2f} %",
            each.title,
        )
        for each in results
    ]
    columns = ("copies", "accuracy", "accepted", "false accepts", "what")
    console.print(
        table(f"{title}: at the threshold of {100 * FIXED_RATE:g} % on the photos as they are", columns, rows)
    )
