"""What a network is measured on, opened once: LFW's pairs and lists of people, and the ways of measuring on them."""

from dataclasses import dataclass
from pathlib import Path

from microface.evaluate.crops import CropName, crops_of_files, shipped_crops
from microface.evaluate.engines import Engine, EngineName, embed_files, open_engine
from microface.evaluate.identification import GroupFigures, identify_groups
from microface.evaluate.lfw import LfwResult, measure
from microface.evaluate.pairs import Pairs, find_root, read_folds
from microface.evaluate.people import PeoplePhotos, people_files


@dataclass(frozen=True)
class Material:
    """Photos below `root`; `pairs` and `people` name files there (either may be missing), `teacher` is an ONNX file."""

    root: Path
    pairs: Pairs
    people: PeoplePhotos | None = None
    teacher: Path | None = None
    threads: int = 1

    def engine(self, network: str, name: EngineName = "integer") -> Engine:
        """Return the engine `name` of the package `network`."""
        return open_engine(name, network, teacher=self.teacher, threads=self.threads)

    def lfw(self, engine: Engine, crop: CropName = "aligned", mirror: bool = False) -> LfwResult:
        """Return the figures of `engine` on the pairs."""
        crops, failed = crops_of_files(self.root, self.pairs.files, engine.preprocess, crop)
        return measure(engine, self.pairs, crops, failed_detections=failed, mirror=mirror, crop=crop)

    def identification(self, engine: Engine, crop: CropName = "aligned") -> tuple[GroupFigures, ...]:
        """Return the figures of `engine` on the people, by the protocol of system A; nothing without people."""
        if self.people is None:
            return ()
        return identify_groups(engine, self.people, embed_files(engine, self.root, self.people.files, crop))

    def as_shipped(self, engine: Engine) -> dict[CropName, LfwResult]:
        """Return the figures with the crops that a chip can make by itself, by their names."""
        return {crop: self.lfw(engine, crop) for crop in shipped_crops(engine.preprocess)}


def open_material(
    root: Path,
    pairs: Path,
    folds: tuple[int, ...] | None = None,
    people: Path | None = None,
    teacher: Path | None = None,
    threads: int = 1,
) -> Material:
    """Return the material of `pairs` and `people` below `root`; what is missing is a `UserError`."""
    wanted = read_folds(pairs, folds)
    found = find_root(root, wanted.files)
    listed = people_files(found, people) if people is not None else None
    return Material(found, wanted, listed, teacher, threads)
