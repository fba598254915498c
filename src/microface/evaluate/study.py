"""Everything that is measured of one network, for its report: gathered once, then drawn and written."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microface import models
from microface.evaluate.conditions import ConditionResult, measure_conditions
from microface.evaluate.copies import COPIES, Copy
from microface.evaluate.costs import costs
from microface.evaluate.crops import CropName, crops_of_files, reported_crops
from microface.evaluate.engines import Engine, embed_files
from microface.evaluate.groups import GroupsResult, measure_groups, subjects_of_dataset, subjects_of_people
from microface.evaluate.identification import GroupFigures
from microface.evaluate.lfw import LfwResult
from microface.evaluate.material import Material
from microface.evaluate.open_set import Draws, OpenSetResult, judge, run_trials
from microface.models import Cost, ModelPackage
from microface.photos.dataset import Dataset

Figures = tuple[GroupFigures, ...]


@dataclass(frozen=True)
class Study:
    """All figures of `package`. `lfw` and `identification` are by a label that says engine and crop.

    `open_set`, `conditions` and `groups` are by crop: the package's own first, then those that a chip can make by
    itself; `held_out` are the groups of a data set's own crops. `samples` are crops uint8 [1 + copies, H, W, 3] of one
    photo: as it is, and each poor copy.
    """

    package: ModelPackage
    material: Material
    lfw: Mapping[str, LfwResult]
    identification: Mapping[str, Figures]
    open_set: Mapping[CropName, OpenSetResult]
    conditions: Mapping[CropName, tuple[ConditionResult, ...]]
    groups: Mapping[CropName, GroupsResult]
    held_out: tuple[GroupsResult, ...]
    costs: tuple[Cost, ...]
    refused: tuple[str, ...]
    samples: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """Return every figure."""
        return {
            "network": self.package.name,
            "model_id": self.package.model_id,
            "card": self.package.card.to_json(),
            "lfw": {label: each.to_json() for label, each in self.lfw.items()},
            "identification": {label: [e.to_json() for e in figures] for label, figures in self.identification.items()},
            "open_set": {crop: each.to_json() for crop, each in self.open_set.items()},
            "conditions": {crop: [each.to_json() for each in found] for crop, found in self.conditions.items()},
            "groups": {crop: each.to_json() for crop, each in self.groups.items()},
            "held_out": [each.to_json() for each in self.held_out],
            "costs": [asdict(each) for each in self.costs],
            "refused": list(self.refused),
        }


def study(
    network: str, material: Material, targets: tuple[str, ...], data: Dataset | None = None, count: bool = True
) -> Study:
    """Measure the package `network` on `material`; `data` is a data set whose held-out people are grouped by source."""
    package, engine = models.load(network), material.engine(network)
    beside = _beside(network, material)
    embedded = _embedded(engine, material.root, material.pairs.files)
    found, refused = costs(package, targets, count)
    return Study(
        package,
        material,
        {**_lfw(engine, material), **{label: material.lfw(each) for label, each in beside.items()}},
        _identification(engine, beside, material),
        _open_set(package, engine, material, embedded),
        _conditions(engine, material, embedded),
        _groups(engine, material),
        _held_out(engine, data),
        found,
        tuple(refused),
        _samples(engine, material),
    )


def _beside(network: str, material: Material) -> dict[str, Engine]:
    found = {"float": material.engine(network, "float")} if models.has_float_network(network) else {}
    return found | ({"teacher": material.engine(network, "teacher")} if material.teacher is not None else {})


def _lfw(engine: Engine, material: Material) -> dict[str, LfwResult]:
    crops = reported_crops(engine.preprocess)
    plain = {str(crop): material.lfw(engine, crop) for crop in crops}
    mirrored = {f"{crop}, mirror added": material.lfw(engine, crop, mirror=True) for crop in crops}
    return {**plain, **mirrored}


def _identification(engine: Engine, beside: Mapping[str, Engine], material: Material) -> dict[str, Figures]:
    if material.people is None:
        return {}
    own = {str(crop): material.identification(engine, crop) for crop in reported_crops(engine.preprocess)}
    return {**own, **{label: material.identification(each) for label, each in beside.items()}}


def _open_set(
    package: ModelPackage, engine: Engine, material: Material, embedded: Mapping[CropName, np.ndarray]
) -> dict[CropName, OpenSetResult]:
    """Return the open-set figures of the people of the pairs: half enrolled, all others strangers."""
    names = [file.split("/")[0] for file in material.pairs.files]
    owners = np.unique(names, return_inverse=True)[1]
    if (np.bincount(owners) > 1).sum() < 2:
        return {}
    return {
        crop: judge(run_trials(engine.score, centred, owners, Draws()), package.statistics_of(crop))
        for crop, centred in embedded.items()
    }


def _conditions(
    engine: Engine, material: Material, embedded: Mapping[CropName, np.ndarray]
) -> dict[CropName, tuple[ConditionResult, ...]]:
    return {
        crop: measure_conditions(engine, material.root, material.pairs, crop, plain=centred)
        for crop, centred in embedded.items()
    }


def _groups(engine: Engine, material: Material) -> dict[CropName, GroupsResult]:
    if material.people is None:
        return {}
    people = material.people
    return {
        crop: measure_groups(engine, subjects_of_people(people, centred), "group", 0.01)
        for crop, centred in _embedded(engine, material.root, people.files).items()
    }


def _embedded(engine: Engine, root: Path, files: Sequence[str]) -> dict[CropName, np.ndarray]:
    """Return x' [F, D] of `files` by crop."""
    return {crop: embed_files(engine, root, files, crop) for crop in reported_crops(engine.preprocess)}


def _held_out(engine: Engine, data: Dataset | None) -> tuple[GroupsResult, ...]:
    if data is None:
        return ()
    subjects = subjects_of_dataset(data, engine)
    return tuple(measure_groups(engine, subjects, column) for column in ("source", "native"))


def _samples(engine: Engine, material: Material) -> np.ndarray:
    def of(copy: Copy | None) -> np.ndarray:
        crops, _ = crops_of_files(material.root, material.pairs.files, engine.preprocess, copy=copy, rows=(0,))
        return crops[0]

    return np.stack([of(copy) for copy in (None, *COPIES)])
