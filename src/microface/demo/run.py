"""The main job from end to end: enrol, threshold, firmware, visits on the emulated chip."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.firmware.make import make_firmware, runs_accelerated
from microface.chip.plan import Plan, plan
from microface.chip.plan.max78000 import AcceleratorPlan, plan_accelerator
from microface.chip.plan.max78000.timing import layer_times
from microface.chip.targets import Target
from microface.console import track
from microface.demo.cast import Cast, Visit
from microface.demo.result import DemoResult, LayerCost, Verdict
from microface.models import ModelPackage
from microface.network.inputs.mapping import map_bytes
from microface.network.scores import Score
from microface.people import threshold
from microface.people.check import check
from microface.people.enrol import Enrolment, LookAt, enrol, look_at_all, new_gallery
from microface.people.faces import photo_looker
from microface.people.gallery import Gallery
from microface.people.identify import named
from microface.people.image import to_image
from microface.photos.read import read_photo


def run(cast: Cast, package: ModelPackage, target: Target, output: Path) -> DemoResult:
    """Enrol the people of `cast`, build firmware for `target` in `output`, try every visit on the emulated chip."""
    firmware = make_firmware(package, target, output / "firmware")
    chip = EmulatedDevice(firmware)
    enrolment, gallery, lines = _enrol(cast, package, chip)
    chip.write_gallery(to_image(gallery))
    verdicts = tuple(_visits(cast, chip, gallery, photo_looker(package.preprocess, gate=False)))
    sample = map_bytes(np.full(package.network.input.shape, 128, np.uint8))
    planned, layers = _plan(package, target), _layers(chip, sample)
    chip.run(sample[None])
    left_out, accelerator = _left_out(enrolment), chip.accelerators.microseconds if chip.accelerators else None
    return DemoResult(
        cast, package, firmware, planned, gallery, lines, left_out, verdicts, layers, *_cost(chip), accelerator
    )


def _plan(package: ModelPackage, target: Target) -> Plan | AcceleratorPlan:
    accelerated = runs_accelerated(package.network, target)
    return plan_accelerator(package.network, target) if accelerated else plan(package.network, target)


def _layers(chip: EmulatedDevice, sample: np.ndarray) -> tuple[LayerCost, ...]:
    """Return counted instructions of each layer, or its cycles on the accelerator."""
    if chip.accelerators is None:
        given = {chip.model.network.input.name: sample[None]}
        return tuple(LayerCost(layer.name, layer.instructions) for layer in chip.layers(given))
    times = layer_times(chip.accelerators.networks[0].plan.layers)
    return tuple(LayerCost(time.name, round(time.low)) for time in times)


def _enrol(cast: Cast, package: ModelPackage, chip: EmulatedDevice) -> tuple[Enrolment, Gallery, tuple[str, ...]]:
    """Return the enrolment on the chip, the gallery with its threshold, and what to say about both."""
    photos = {name: track(paths, f"enrolling {name}") for name, paths in cast.enrolled.items()}
    looks = look_at_all(photos, photo_looker(package.preprocess))
    enrolment = enrol(looks, chip)
    people = new_gallery(package.name, package.model_id, package.embedding_size, enrolment.people)
    gallery, choice = threshold.with_rate(package, people)
    own = check(gallery, Score(package.score, package.network.output.zero_point))
    return enrolment, gallery, (*threshold.sentences(choice), *own.sentences(), *enrolment.warnings())


def _left_out(enrolment: Enrolment) -> dict[str, int]:
    """Return how many photos of each person the quality gate refused."""
    names = [look.path.parent.name for look in enrolment.left_out]
    return {name: names.count(name) for name in names}


def _visits(cast: Cast, chip: EmulatedDevice, gallery: Gallery, look_at: LookAt) -> Iterator[Verdict]:
    for visit in track(cast.visits, "visits on the emulated chip"):
        yield _visit(visit, chip, gallery, look_at)


def _visit(visit: Visit, chip: EmulatedDevice, gallery: Gallery, look_at: LookAt) -> Verdict:
    look, photo = look_at(visit.photo), read_photo(visit.photo)
    if look.crop is None:
        return Verdict(visit, photo, None, refusal=", ".join(look.reasons))
    decision = named(gallery, chip.match(chip.embed(look.crop[None]))[0])
    return Verdict(visit, photo, decision.name, decision.nearest, decision.distance)


def _cost(chip: EmulatedDevice) -> tuple[int, int]:
    """Return counted instructions and stack of the newest run of the network."""
    assert chip.last is not None
    return chip.last.instructions, chip.last.stack_bytes
