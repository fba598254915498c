"""`microface evaluate card`: every figure of a model card, measured and written."""

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
from microface.cli.models import show_card
from microface.evaluate.carded import fill_card
from microface.evaluate.material import open_material
from microface.models.shelf import path_of


def card(
    network: Annotated[str, typer.Argument(help="The .mface file, or shipped model, whose card is filled.")],
    root: LfwRoot,
    pairs: LfwPairs,
    folds: Folds = None,
    people: People = None,
    teacher: Teacher = None,
    target: Targets = None,
    count: Count = True,
    threads: Threads = ALL_THREADS,
) -> None:
    """Measure accuracy (aligned, mirrored, as shipped, float) and cost per chip, and write them into the card.

    Example: `microface evaluate card mine.mface --root lfw --pairs lfw/pairs.txt --people lfw/people_30.txt`
    """
    targets = chosen_targets(target)
    material = open_material(root, pairs, chosen_folds(folds), people, teacher, threads)
    package, refused = fill_card(Path(path_of(network)), material, targets, count)
    show_card(package)
    say(f"no cost: {sentence}" for sentence in refused)
