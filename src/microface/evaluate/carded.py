"""Figures into the card of a package: what was measured, on what, and the command that measures it again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from microface.errors import UserError
from microface.evaluate.costs import costs
from microface.evaluate.crops import reported_crops, shown_crop
from microface.evaluate.engines import Engine
from microface.evaluate.identification import GroupFigures
from microface.evaluate.lfw import LfwResult
from microface.evaluate.material import Material
from microface.models import Measurement, ModelPackage, has_float_network


def write_lfw(path: Path, result: LfwResult) -> None:
    """Write the accuracy of `result` into the card of the package at `path`; refuse another model's figure."""
    package = ModelPackage.load(path)
    if result.engine.name != "teacher" and result.engine.model_id != package.model_id:
        raise UserError(path, "is another model than the one that was measured", "give the package that was measured")
    package.with_card(package.card.measured(lfw_measurement(package.name, result))).save(path)


def lfw_measurement(name: str, result: LfwResult) -> Measurement:
    """Return the accuracy of `result` as an entry of the card of the model `name`."""
    folds = f"{result.folds[0]}-{result.folds[-1]}"
    mirror = ", mirror added" if result.mirror else ""
    shown = shown_crop(result.crop, result.engine.preprocess)
    data = f"LFW, folds {folds}, {len(result.same):,} pairs, {shown}{mirror}"
    options = f"--folds {folds}{_engine(result.engine)} --crop {result.crop}" + " --mirror" * result.mirror
    command = f"microface evaluate lfw {name} --root lfw --pairs lfw/pairs.txt {options}"
    mean, error = result.accuracy.mean, result.accuracy.std_error
    crop = f", {result.crop}" if result.crop != "aligned" else ""
    return Measurement(f"lfw accuracy{crop}{mirror}", mean, error, data, result.engine.name, command)


def _engine(engine: Engine) -> str:
    """Return the options that name `engine`; where the teacher's file lies only the reader knows."""
    return f" --engine {engine.name}" + " --teacher FILE.onnx" * (engine.name == "teacher")


def identification_measurements(
    name: str, engine: Engine, figures: Sequence[GroupFigures], crop: str
) -> Iterator[Measurement]:
    """Yield the top-1 of every group as an entry of the card of the model `name`."""
    command = f"microface evaluate identification {name} --root lfw --people lfw/people_30.txt"
    options, shown = f"{_engine(engine)} --crop {crop}", shown_crop(crop, engine.preprocess)
    for each in figures:
        data = f"{each.group or 'all'}: {len(each.people)} people, {each.photos} photos, {each.score}, {shown}"
        beside = f", {crop}" if crop != "aligned" else ""
        metric = f"identification of {each.group or 'all'}{beside}"
        yield Measurement(metric, each.top1, None, data, engine.name, command + options)


def fill_card(
    path: Path, material: Material, targets: Sequence[str], count: bool = True
) -> tuple[ModelPackage, list[str]]:
    """Measure the package at `path` and write every figure into its card.

    Returns the package with the new card and sentences on the targets that it does not run on.
    """
    package = ModelPackage.load(path)
    figures = [*_integer(path, package, material), *_beside(path, package, material)]
    found, refused = costs(package, targets, count)
    carded = package.with_card(package.card.measured(*figures).costing(*found))
    carded.save(path)
    return carded, refused


def _integer(path: Path, package: ModelPackage, material: Material) -> Iterator[Measurement]:
    engine = material.engine(str(path))
    yield lfw_measurement(package.name, material.lfw(engine))
    yield lfw_measurement(package.name, material.lfw(engine, mirror=True))
    for crop in reported_crops(engine.preprocess):
        if crop != "aligned":
            yield lfw_measurement(package.name, material.lfw(engine, crop))
        yield from identification_measurements(package.name, engine, material.identification(engine, crop), crop)


def _beside(path: Path, package: ModelPackage, material: Material) -> Iterator[Measurement]:
    """Yield the figures of the float network, where there is one, and of the teacher, where it was given."""
    if has_float_network(str(path)):
        yield lfw_measurement(package.name, material.lfw(material.engine(str(path), "float")))
    if material.teacher is not None:
        engine = material.engine(str(path), "teacher")
        yield lfw_measurement(package.name, material.lfw(engine))
        yield from identification_measurements(package.name, engine, material.identification(engine), "aligned")
