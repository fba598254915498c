"""Figures into the card of a package: what was measured, on what, and the command that measures it again."""

from pathlib import Path

from microface.errors import UserError
from microface.evaluate.lfw import LfwResult
from microface.models import Measurement, ModelPackage


def write_lfw(path: Path, result: LfwResult) -> None:
    """Write the accuracy of `result` into the card of the package at `path`; refuse another model's figure."""
    package = ModelPackage.load(path)
    if result.engine.name != "teacher" and result.engine.model_id != package.model_id:
        raise UserError(path, "is another model than the one that was measured", "give the package that was measured")
    package.with_card(package.card.measured(measurement(package.name, result))).save(path)


def measurement(name: str, result: LfwResult) -> Measurement:
    """Return the accuracy of `result` as an entry of the card of the model `name`."""
    folds = f"{result.folds[0]}-{result.folds[-1]}"
    mirror = ", mirror added" if result.mirror else ""
    data = f"LFW, folds {folds}, {len(result.same):,} pairs, {result.crop}{mirror}"
    options = f"--folds {folds} --engine {result.engine.name} --crop {result.crop}" + " --mirror" * result.mirror
    command = f"microface evaluate lfw {name} --root lfw --pairs lfw/pairs.txt {options}"
    mean, error = result.accuracy.mean, result.accuracy.std_error
    return Measurement("lfw accuracy", mean, error, data, result.engine.name, command)
