"""`microface evaluate lfw`: LFW's View 2."""

from collections.abc import Mapping
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
    RocPicture,
    ScoreOption,
    Teacher,
    Threads,
    chosen_folds,
    used_engine,
)
from microface.cli.galleries import say
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console, table
from microface.evaluate.carded import write_lfw
from microface.evaluate.crops import CropName, shown_crop
from microface.evaluate.lfw import LfwResult
from microface.evaluate.material import open_material
from microface.evaluate.plots import save_roc
from microface.metrics.roc import roc as roc_of

Beside = Annotated[
    bool, typer.Option("--beside/--alone", help="Tell the figures with the crops that a chip can make, too.")
]
Card = Annotated[Path | None, typer.Option(help="Write the accuracy into this package's card.", metavar="FILE")]


def lfw(
    network: NetworkName,
    root: LfwRoot,
    pairs: LfwPairs,
    engine: EngineOption = "integer",
    preprocess: PreprocessOption = "aligned",
    teacher: Teacher = None,
    score: ScoreOption = None,
    mirror: Annotated[bool, typer.Option(help="Add the mirror image's embedding to each photo's.")] = False,
    crop: Crop = "aligned",
    folds: Folds = None,
    beside: Beside = True,
    roc: RocPicture = None,
    card: Card = None,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Measure LFW's View 2: are two photos of the same person?

    Example: `microface evaluate lfw default --root lfw --pairs lfw/pairs.txt --folds 1-5 --json lfw.json`
    """
    material = open_material(root, pairs, chosen_folds(folds))
    used = used_engine(engine, network, score, teacher, threads, preprocess)
    result = material.lfw(used, cast(CropName, crop), mirror)
    shipped = material.as_shipped(used) if beside and engine == "integer" and crop == "aligned" else {}
    _show_lfw(result, shipped)
    if roc is not None:
        _draw_lfw(roc, result)
    if card is not None:
        write_lfw(card, result)
    save_json(json, {**result.to_json(), "as_shipped": {name: each.to_json() for name, each in shipped.items()}})


def _show_lfw(result: LfwResult, shipped: Mapping[CropName, LfwResult]) -> None:
    value = result.to_json()
    rows = [
        ("accuracy", _accuracy(result)),
        *((f"as shipped, {name}, plain", _accuracy(each)) for name, each in shipped.items()),
        ("AUC", f"{result.auc:.4f}"),
        *((f"true accepts at false accepts {rate}", f"{tar:.4f}") for rate, tar in result.tar_at_far.items()),
        ("pairs", f"{value['pairs']:,} in folds {', '.join(map(str, result.folds))}"),
        ("photos without a found face (centre crop used)", value["failed_detections"]),
        ("seconds, crops ready", f"{result.seconds:.1f}"),
    ]
    used = result.engine
    mirror = ", mirror added" if result.mirror else ""
    title = f"{used.network}, {used.name}, {used.score.name}{mirror}, {shown_crop(result.crop, used.preprocess)}"
    console.print(table(title, ("what", "value"), rows))


def _accuracy(result: LfwResult) -> str:
    return f"{100 * result.accuracy.mean:.2f} % +- {100 * result.accuracy.std_error:.2f}"


def _draw_lfw(path: Path, result: LfwResult) -> None:
    curve = roc_of(result.distances[result.same], result.distances[~result.same])
    label = f"{result.engine.network}, {result.engine.name}: {100 * result.accuracy.mean:.2f} %"
    impostors = int((~result.same).sum())
    save_roc(path, [(label, curve)], f"LFW, {len(result.same):,} pairs", impostors)
    say([f"ROC in {path}"])
