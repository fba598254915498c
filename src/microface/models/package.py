"""The model package: all that a number needs, in one `.mface` file."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import numpy as np

from microface.errors import DamagedFileError, UserError
from microface.files import Container, read_container, write_container
from microface.metrics.visits import VisitStatistics
from microface.models.card import ModelCard
from microface.network import IntegerNetwork, digest
from microface.network.file import network_from_container, network_to_container
from microface.photos.preprocess import Preprocess

KIND = "model package"
Score = Literal["l1", "l2", "l2norm", "cosine"]
SCORES: tuple[Score, ...] = ("l1", "l2", "l2norm", "cosine")
_STATISTICS = ("statistics", "box_statistics")


@dataclass(frozen=True, eq=False)
class ModelPackage:
    """An embedding network with its crop, its score, its statistics on held-out people, card and licence.

    `statistics` is None for a network whose error rates nobody measured: then enrolment needs a threshold.
    `box_statistics` are those of an aligned network's faces where the detector's box alone places them.
    """

    name: str
    network: IntegerNetwork
    preprocess: Preprocess
    score: Score
    card: ModelCard
    statistics: VisitStatistics | None = None
    box_statistics: VisitStatistics | None = None

    def __post_init__(self) -> None:
        """Refuse a crop that is not the network's input, or an unknown score."""
        crop = (self.preprocess.height, self.preprocess.width, 3)
        if self.network.input.shape != crop:
            raise UserError(self.name, f"takes {self.network.input.shape}, its crop is {crop}", "give the right crop")
        if self.score not in SCORES:
            raise UserError(self.name, f"has the unknown score {self.score}", f"use one of {', '.join(SCORES)}")

    @cached_property
    def model_id(self) -> str:
        """SHA-256, hexadecimal, over network, Preprocess and score: galleries of another id are refused."""
        crop = json.dumps(self.preprocess.to_json(), sort_keys=True)
        return hashlib.sha256(f"{digest(self.network)}\n{crop}\n{self.score}".encode()).hexdigest()

    @property
    def embedding_size(self) -> int:
        """Values in one embedding."""
        return self.network.output.elements

    def with_card(self, card: ModelCard) -> Self:
        """Return the same model, same id, with another card."""
        return replace(self, card=card)

    def compared_by(self, score: Score, name: str) -> Self:
        """Return the network as the model `name`, another id, whose embeddings `score` compares.

        Statistics and accuracies belong to the score that they were measured with, so they stay behind.
        """
        card = replace(self.card, measurements=())
        return replace(self, name=name, score=score, card=card, statistics=None, box_statistics=None)

    def placed_by_boxes(self, name: str) -> Self:
        """Return the network as the model `name`, another id, whose faces the detector's box alone places.

        Its thresholds come from `box_statistics`; figures of aligned faces stay behind. One that crops by boxes
        already is a `UserError`.
        """
        if self.preprocess.geometry != "aligned":
            raise UserError(self.name, "crops by boxes already", "use it as it is")
        card = replace(self.card, measurements=())
        package = replace(self, name=name, preprocess=self.preprocess.by_boxes, card=card)
        return replace(package, statistics=self.box_statistics, box_statistics=None)

    def statistics_of(self, crop: str) -> VisitStatistics | None:
        """Return the statistics that thresholds come from for faces cropped by `crop`: aligned, boxes or centre.

        Those of boxes where the package has them; for the others, and without them, its own.
        """
        by_boxes = crop == "boxes" and self.preprocess.geometry == "aligned"
        return self.box_statistics if by_boxes and self.box_statistics is not None else self.statistics

    def save(self, path: Path) -> None:
        """Write the package to `path`, wholly or not at all."""
        network = network_to_container(self.network)
        arrays = {f"network/{name}": array for name, array in network.arrays.items()}
        for kind in _STATISTICS:
            arrays |= _prefixed(kind, getattr(self, kind))
        content = {
            "name": self.name,
            "network": network.content,
            "preprocess": self.preprocess.to_json(),
            "score": self.score,
            "card": self.card.to_json(),
        }
        write_container(path, KIND, content, arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the package at `path`; a damaged or foreign file is a `DamagedFileError`."""
        container = read_container(path, KIND)
        content = container.content
        try:
            return cls(
                content["name"],
                network_from_container(Container("network", content["network"], _part(container, "network")), path),
                Preprocess.from_json(content["preprocess"]),
                content["score"],
                ModelCard.from_json(content["card"]),
                *(_statistics(container, kind) for kind in _STATISTICS),
            )
        except (KeyError, TypeError) as error:
            raise DamagedFileError(path, f"lacks {error}", "use the release that wrote it") from error


def _part(container: Container, part: str) -> dict[str, np.ndarray]:
    prefix = f"{part}/"
    return {name.removeprefix(prefix): array for name, array in container.arrays.items() if name.startswith(prefix)}


def _prefixed(kind: str, statistics: VisitStatistics | None) -> dict[str, np.ndarray]:
    counts = statistics.arrays() if statistics is not None else {}
    return {f"{kind}/{name}": array for name, array in counts.items()}


def _statistics(container: Container, kind: str) -> VisitStatistics | None:
    arrays = _part(container, kind)
    return VisitStatistics.from_arrays(arrays) if arrays else None
