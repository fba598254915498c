"""`microface evaluate report`: all figures of one network as a page with pictures, and as JSON."""

from pathlib import Path
from typing import Annotated

import typer

from microface.cli.evaluate.options import (
    ALL_THREADS,
    Count,
    Folds,
    LfwPairs,
    LfwRoot,
    People,
    Targets,
    Teacher,
    Threads,
    chosen_folds,
    chosen_targets,
)
from microface.cli.galleries import say
from microface.cli.options import ModelName
from microface.evaluate.material import open_material
from microface.evaluate.report import FIGURES, write_report
from microface.evaluate.study import study
from microface.photos.dataset import Dataset

Output = Annotated[Path, typer.Option(help="Folder of report.html and report.json.", metavar="DIR")]
Data = Annotated[Path | None, typer.Option(help="A prepared data set: its held-out people, by source and size.")]


def report(
    network: ModelName,
    root: LfwRoot,
    pairs: LfwPairs,
    output: Output,
    folds: Folds = None,
    people: People = None,
    teacher: Teacher = None,
    data: Data = None,
    target: Targets = None,
    count: Count = True,
    threads: Threads = ALL_THREADS,
) -> None:
    """Measure everything of one network and write a page that needs nothing else.

    Example: `microface evaluate report default --root lfw --pairs lfw/pairs.txt --output build/evaluation`
    """
    targets = chosen_targets(target)
    material = open_material(root, pairs, chosen_folds(folds), people, teacher, threads)
    dataset = Dataset.open(data) if data is not None else None
    page = write_report(study(network, material, targets, dataset, count), output)
    say([f"report in {page}, figures in {output / FIGURES}"])
