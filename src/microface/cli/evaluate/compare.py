"""`microface evaluate all`: every shipped network in one table."""

from collections.abc import Sequence
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
from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.evaluate.comparison import (
    ACCURACY,
    COST,
    NAMED,
    SIZE,
    Row,
    accuracy_cells,
    compare,
    cost_cells,
    markdown,
    name_of,
    named_cells,
    size_cells,
)
from microface.evaluate.material import open_material
from microface.files import write_text
from microface.models import names

Networks = Annotated[list[str] | None, typer.Argument(help="Models or .mface files; default: all shipped.")]


def compare_all(
    root: LfwRoot,
    pairs: LfwPairs,
    networks: Networks = None,
    folds: Folds = None,
    people: People = None,
    teacher: Teacher = None,
    target: Targets = None,
    count: Count = True,
    text: Annotated[Path | None, typer.Option("--markdown", help="Write the table here too.", metavar="FILE")] = None,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Compare networks: LFW, identification, size, and cost per chip, each by the integer network; the teacher beside.

    Example: `microface evaluate all --root lfw --pairs lfw/pairs.txt --people lfw/people_30.txt --folds 1-5`
    """
    targets = chosen_targets(target)
    material = open_material(root, pairs, chosen_folds(folds), people, teacher, threads)
    rows = list(compare(networks or names(), material, targets, count))
    _show(rows, len(material.pairs))
    say(f"no cost: {sentence}" for row in rows for sentence in row.refused)
    say([f"embedding took {sum(row.seconds for row in rows if row.engine == 'integer'):.1f} s, crops ready"])
    if text is not None:
        write_text(text, markdown(rows, targets))
    about = {"pairs": len(material.pairs), "folds": sorted(set(material.pairs.fold))}
    save_json(json, {**about, "networks": [row.to_json() for row in rows]})


def _show(rows: Sequence[Row], pairs: int) -> None:
    """Print a table of each kind, since one of all columns is wider than a terminal."""
    accuracy = [(name_of(row), *accuracy_cells(row)) for row in rows]
    console.print(table(f"LFW, {pairs:,} pairs, integer networks", ("network", *ACCURACY), accuracy, 1))
    named = [(name_of(row), *named_cells(row)) for row in rows if row.identification]
    if named:
        console.print(table("Photos named right, %, by crop", ("network", *NAMED), named, 1))
    console.print(table("Size", ("network", *SIZE), [(name_of(row), *size_cells(row)) for row in rows], 1))
    costs = [(name_of(row), each.target, *cost_cells(each)) for row in rows for each in row.costs]
    console.print(table("One face on each chip", ("network", "chip", *COST), costs, 2))
