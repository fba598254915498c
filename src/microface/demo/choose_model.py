"""Which shipped model the demo takes where nobody names one: what runs on the chip."""

from microface import models
from microface.chip.firmware.make import runs_accelerated
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import ModelPackage

DEFAULT, ACCELERATED = "default", "faceid"


def load_model(name: str | None, target: Target) -> ModelPackage:
    """Return the package `name`, or the shipped one for `target`: `default`, or on an accelerator what it runs.

    Where no shipped model runs on the accelerator it is a `UserError`.
    """
    if name is not None or not target.accelerator:
        return models.load(name or DEFAULT)
    names = sorted(models.names(), key=lambda each: (each != ACCELERATED, each))
    found = (package for package in map(models.load, names) if runs_accelerated(package.network, target))
    if (package := next(found, None)) is not None:
        return package
    mend = "give one: microface demo --model FILE.mface, from `microface quantize RUN --target` that chip"
    raise UserError(f"{target.name}'s accelerator", "has no shipped face recognition model", mend)
