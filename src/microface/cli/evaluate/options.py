"""Options that the measuring verbs share, and the engine that they name."""

import os
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from microface.chip.targets import Target
from microface.cli.foreign import foreign_package, is_foreign
from microface.evaluate.costs import chips
from microface.evaluate.engines import Engine, EngineName, open_engine
from microface.evaluate.pairs import parse_folds
from microface.network.scores import ScoreName

EngineOption = Annotated[str, typer.Option("--engine", help="integer (what ships), float or teacher.")]
Teacher = Annotated[Path | None, typer.Option(help="The teacher's ONNX file.", metavar="FILE")]
ScoreOption = Annotated[str | None, typer.Option("--score", help="l1, l2, l2norm or cosine; else the package's own.")]
PreprocessOption = Annotated[
    str, typer.Option("--preprocess", help="Crop that a .tflite or .onnx file reads: aligned or loose, as for import.")
]
Crop = Annotated[str, typer.Option(help="aligned as the package says; boxes or centre: what a chip can make.")]
RocPicture = Annotated[Path | None, typer.Option("--roc", help="Draw the ROC to this PNG or SVG.", metavar="FILE")]
Threads = Annotated[int, typer.Option(help="Threads of the engine.", min=1)]
LfwRoot = Annotated[Path, typer.Option(help="Folder of LFW's NAME folders, or its parent.")]
LfwPairs = Annotated[Path, typer.Option(help="LFW's pairs.txt.")]
Folds = Annotated[str | None, typer.Option(help="Folds, for example 1-5; all of the file unless given.")]
PeopleRoot = Annotated[Path, typer.Option(help="A folder of photos per person.")]
PeopleList = Annotated[Path | None, typer.Option(help="Lines GROUP/NAME/FILE that pick photos below --root.")]
People = Annotated[Path | None, typer.Option(help="Lines GROUP/NAME/FILE for identification, e.g. people_30.txt.")]
Targets = Annotated[list[str] | None, typer.Option("--target", help="Chips to tell costs for; default: all.")]
Count = Annotated[bool, typer.Option("--count/--plan", help="Count on the emulated chip, or estimate by the plan.")]
ALL_THREADS = os.cpu_count() or 1


def used_engine(
    name: str, network: str, score: str | None, teacher: Path | None, threads: int, preprocess: str
) -> Engine:
    """Return the engine that the options name; a .tflite or .onnx file reads the crop that `preprocess` says."""
    converted = is_foreign(network) and name != "teacher"  # which reads its own file alone
    source = foreign_package(Path(network), preprocess) if converted else network
    return open_engine(cast(EngineName, name), source, cast("ScoreName | None", score), teacher, threads)


def chosen_folds(folds: str | None) -> tuple[int, ...] | None:
    """Return the folds that the option names, None (all of the file) unless given."""
    return parse_folds(folds) if folds else None


def chosen_targets(targets: list[str] | None) -> tuple[str, ...]:
    """Return the chips that the option names, all of them unless given; an unknown one is a `UserError`."""
    for name in targets or ():
        Target.load(name)
    return tuple(targets or chips())


def origin(used: Engine, crop: str, failed: int, photos: int) -> dict[str, Any]:
    """Return what every figure is told with: network, engine, score, crop, photos and failed detections."""
    names = {"network": used.network, "model_id": used.model_id, "engine": used.name, "score": used.score.name}
    return {**names, "crop": crop, "failed_detections": failed, "photos": photos}


def percent(interval: tuple[float, float]) -> str:
    """Return an interval of fractions as text."""
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f} %"
