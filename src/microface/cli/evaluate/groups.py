"""`microface evaluate groups`: true and false accepts by sex, source, size or any column, at one threshold for all."""

from pathlib import Path
from typing import Annotated, cast

import typer

from microface.cli.evaluate.options import (
    ALL_THREADS,
    Crop,
    EngineOption,
    PeopleList,
    PreprocessOption,
    ScoreOption,
    Teacher,
    Threads,
    used_engine,
)
from microface.cli.galleries import say
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console
from microface.console import table as console_table
from microface.errors import UserError
from microface.evaluate.crops import CropName, crops_of_files
from microface.evaluate.engines import Engine
from microface.evaluate.groups import (
    GroupsResult,
    Subjects,
    measure_groups,
    subjects_of_dataset,
    subjects_of_people,
    with_table,
)
from microface.evaluate.people import people_files
from microface.metrics.person_pairs import Rate
from microface.photos.dataset import Dataset

Data = Annotated[Path | None, typer.Option(help="Data set that `microface prepare` made: its held-out people.")]
Root = Annotated[Path | None, typer.Option(help="Or: a folder of photos per person.")]
Table = Annotated[Path | None, typer.Option(help="CSV with a column key or identity, and columns to group by.")]
By = Annotated[
    str, typer.Option(help="The column: source, native, ... of a data set; group of --people; any of --table.")
]
FarOption = Annotated[float, typer.Option("--rate", help="False-accept rate over all pairs that sets the threshold.")]


def groups(
    network: NetworkName,
    by: By,
    data: Data = None,
    root: Root = None,
    people: PeopleList = None,
    table: Table = None,
    rate: FarOption = 0.001,
    engine: EngineOption = "integer",
    preprocess: PreprocessOption = "aligned",
    teacher: Teacher = None,
    score: ScoreOption = None,
    crop: Crop = "aligned",
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Compare groups at the threshold that accepts a share of all impostor pairs; intervals by a bootstrap over people.

    Example: `microface evaluate groups default --root lfw --people lfw/people_30.txt --by group --rate 0.01`
    """
    used = used_engine(engine, network, score, teacher, threads, preprocess)
    subjects = _subjects(used, data, root, people, cast(CropName, crop))
    subjects = with_table(subjects, table) if table is not None else subjects
    result = measure_groups(used, subjects, by, rate)
    _show(used, result)
    names = {"network": used.network, "model_id": used.model_id, "engine": used.name, "score": used.score.name}
    save_json(json, {**names, "data": str(data or people or root), **result.to_json()})


def _subjects(used: Engine, data: Path | None, root: Path | None, people: Path | None, crop: CropName) -> Subjects:
    if data is not None:
        return subjects_of_dataset(Dataset.open(data), used)
    if root is None:
        raise UserError("groups", "need photos", "give --data, or --root and --people")
    photos = people_files(root, people)
    crops, _ = crops_of_files(root, photos.files, used.preprocess, crop)
    return subjects_of_people(photos, used.centred(crops))


def _show(used: Engine, result: GroupsResult) -> None:
    rows = [
        (each.group, f"{each.people:,}", f"{each.photos:,}", _rate(each.true_accepts), _rate(each.false_accepts))
        for each in result.groups
    ]
    title = f"{used.network}, {used.name}, by {result.column}: threshold {result.threshold:,.0f}"
    columns = ("group", "people", "photos", "true accepts", "false accepts")
    console.print(console_table(title, columns, rows))
    say(f"all: true accepts at false accepts {rate}: {_rate(tar)}" for rate, tar in result.tar_at_far.items())
    say([f"the threshold accepts {result.rate:.2g} of all impostor pairs; false accepts are of pairs within the group"])


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return "no pairs"
    return f"{100 * rate.value:.2f} % ({100 * rate.low:.2f} to {100 * rate.high:.2f}) of {rate.pairs:,}"
