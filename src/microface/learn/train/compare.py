"""Losses against distances: one run per sum of losses on the same data, each measured by every distance."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from microface.console import tell
from microface.errors import UserError
from microface.learn import nets
from microface.learn.train import checkpoint
from microface.learn.train.config import TrainConfig
from microface.learn.train.data import Photos, open_photos
from microface.learn.train.losses.total import parsed_terms
from microface.learn.train.start import Session, start
from microface.learn.train.validate import embed
from microface.metrics.roc import tar_table
from microface.network.scores import SCORES, Score

RATES = (1e-2, 1e-3)
Figures = dict[str, dict[str, float]]
"""By distance: held-out true-accept rate by false-accept rate."""


def compare(config: TrainConfig, sums: list[str], folder: Path, device: str = "auto") -> dict[str, Figures]:
    """Train one run of `config` per sum of losses, in `folder`, and return its figures by the sum's text.

    A sum is written as `cross_entropy+lifted=0.5`. Runs that are there already are gone on with, so a comparison that
    was cut goes on where it stopped.
    """
    terms = {text: terms_of(text) for text in sums}
    return {text: _figures(_trained(config, losses, folder / text, device)) for text, losses in terms.items()}


def terms_of(text: str) -> dict[str, Any]:
    """Return the losses of a sum by name; a sum without any is a `UserError`."""
    parts = [part.strip() for part in text.split("+")]
    if not all(parts):
        raise UserError(f"sum {text!r}", "has an empty term", "write it as cross_entropy+lifted=0.5")
    return parsed_terms(parts)


def _trained(config: TrainConfig, losses: dict[str, Any], folder: Path, device: str) -> tuple[TrainConfig, Path]:
    chosen = replace(config, losses=losses)
    tell(f"training by {folder.name}")
    start(chosen, folder, session=Session(resume=True, device=device))
    return chosen, folder


def _figures(run: tuple[TrainConfig, Path]) -> Figures:
    """Return what the best float network of a run gives on held-out people, by every distance."""
    config, folder = run
    options = nets.options_of(config.net, config.options)
    network = nets.build(config.net, options)
    checkpoint.begin_with(network, folder / "best.pt")
    _, held_out = open_photos(Path(config.data), options.embedding, config.projection)
    embeddings = embed(network, held_out, options.input_size)
    return {name: _tar(embeddings, held_out, Score(name)) for name in SCORES}


def _tar(embeddings: np.ndarray, photos: Photos, score: Score) -> dict[str, float]:
    named = photos.people >= 0
    people, x = photos.people[named], score.centred(embeddings[named])
    distance, upper = score.distances(x, x), np.triu_indices(int(named.sum()), 1)
    same = (people[:, None] == people[None])[upper]
    if not same.any():
        raise UserError("held-out people", "have one photo each", "prepare data with people of several photos")
    return tar_table(distance[upper][same], distance[upper][~same], RATES)
