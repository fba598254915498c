"""How well an integer network tells held-out people apart, as figures of its card."""

from collections.abc import Iterator

import numpy as np

from microface.learn.train.data import Photos
from microface.metrics.person_pairs import split_pairs
from microface.metrics.roc import tar_table
from microface.models.card import Measurement, held_out_metric
from microface.network.scores import Score

RATES = (0.01, 0.001)


def held_out_figures(name: str, embeddings: np.ndarray, photos: Photos, score: Score) -> Iterator[Measurement]:
    """Yield the true-accept rates of integer `embeddings` [N, D] of `photos`, over all pairs of named people.

    They are those of the model `name` by its own `score`, at the `RATES` that the impostor pairs support.
    """
    named = photos.people >= 0
    owners, centred = photos.people[named], score.centred(embeddings[named])
    genuine, impostor = split_pairs(score.distances(centred, centred), owners)
    people = f"{len(owners):,} photos of {len(np.unique(owners)):,} held-out people"
    data = f"{people}: {len(genuine):,} genuine and {len(impostor):,} impostor pairs, {score.name}"
    command = f"microface evaluate roc {name} --data FOLDER --no-float"
    for rate, value in (tar_table(genuine, impostor, RATES) if len(genuine) else {}).items():
        yield Measurement(held_out_metric(rate), value, None, data, "integer", command)
