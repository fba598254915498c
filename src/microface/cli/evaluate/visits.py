"""`microface evaluate visits`: the statistics of held-out people that thresholds are chosen from."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from microface import models
from microface.cli.evaluate.options import ALL_THREADS, Threads
from microface.cli.galleries import say
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console, table
from microface.evaluate.engines import open_engine
from microface.evaluate.visits import genuine_at, measure_dataset, to_json
from microface.photos.dataset import Dataset


def visits(
    network: NetworkName,
    data: Annotated[Path, typer.Option(help="Data set that `microface prepare` made, with held-out people.")],
    output: Annotated[Path | None, typer.Option(help="Write the package with these statistics here (.mface).")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the photos enrolled.")] = 0,
    threads: Threads = ALL_THREADS,
    json: JsonFile = None,
) -> None:
    """Count how often visits of held-out people are accepted: the statistics that thresholds are chosen from.

    A data set that `recrop --crop boxes` made gives an aligned network the second kind that it may have, for chips
    that find no landmarks.

    Example: `microface evaluate visits default --data build/faces --json visits.json`
    """
    used, dataset = open_engine("integer", network, threads=threads), Dataset.open(data)
    by_boxes = dataset.crops_by_boxes(used.preprocess)
    if by_boxes:
        used = replace(used, preprocess=used.preprocess.by_boxes)
    statistics = measure_dataset(dataset, used, seed)
    found = genuine_at(statistics)
    names = sorted({name for rates in found.values() for name in rates}, key=float, reverse=True)
    rows = [(n, *(f"{rates[name]:.4f}" if name in rates else "-" for name in names)) for n, rates in found.items()]
    crop = ", faces placed by boxes" if by_boxes else ""
    title = f"{used.network}, {used.score.name}{crop}: genuine visits accepted, by strangers accepted per person"
    console.print(table(title, ("photos", *names), rows))
    trials = f"{statistics.strangers.trials[0]:,} visits of strangers"
    say([f"{statistics.strangers.people[0]:,} held-out people; {trials} with {statistics.photos[0]} photo enrolled"])
    if output is not None:
        package = models.load(network)
        own, boxes = (package.statistics, statistics) if by_boxes else (statistics, package.box_statistics)
        replace(package, statistics=own, box_statistics=boxes).save(output)
        say([f"package with these statistics in {output}"])
    save_json(json, to_json(statistics, used))
