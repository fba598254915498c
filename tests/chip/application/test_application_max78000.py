"""The application with the accelerator: scenes on the emulated MAX78000 against Python, a network that looks first.

Faces here are patterns, and the network has drawn weights: what is tested is the way from frames to reports.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from microface import models
from microface.chip.application.device import EmulatedApplication
from microface.chip.application.machine import Application
from microface.chip.application.settings import Settings
from microface.chip.application.votes import NOBODY, UNKNOWN, UNSURE
from microface.chip.application.wake import Wake, window_of
from microface.chip.devices.device import Match
from microface.chip.firmware.build import Options
from microface.chip.firmware.folder import Firmware
from microface.chip.firmware.make import make_firmware
from microface.chip.plan.max78000.application import application_time
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import ModelPackage
from microface.network import IntegerNetwork
from microface.network.facenets import chain
from microface.network.inputs.pixels import to_rgb565
from microface.network.inputs.resize import Rectangle, crop_resized
from microface.network.ops.max78000 import AcceleratorConv
from microface.network.scores import Score
from microface.people.enrol import new_gallery
from microface.people.gallery import Gallery, Person
from microface.people.image import to_image
from microface.photos.preprocess import Preprocess

HEIGHT, WIDTH = 80, 60
CHOSEN = Settings(least_contrast=64)


@pytest.fixture(scope="module")
def package() -> ModelPackage:
    """A small network of the accelerator that embeds loose crops; trained by nobody."""
    drawn = chain("patterns", (16, 16, 16, 16), 8, (HEIGHT, WIDTH, 3))
    last = drawn.operators[-1]
    assert isinstance(last, AcceleratorConv)
    generator = np.random.default_rng(5)
    weights = generator.integers(-40, 40, (32, *last.weights.shape[1:])).astype(np.int8)
    narrow = dataclasses.replace(last, weights=weights, bias=np.zeros(32, np.int8), requantise=last.rounding(0))
    tensors = dict(drawn.tensors)
    tensors[narrow.output] = dataclasses.replace(tensors[narrow.output], shape=(1, 1, 32), dtype="s8")
    network = dataclasses.replace(drawn, tensors=tensors, operators=(*drawn.operators[:-1], narrow))
    return ModelPackage("patterns", network, Preprocess.loose(WIDTH, HEIGHT), "l2", models.load("default").card)


def pattern(seed: int) -> np.ndarray:
    """A frame full of a coarse pattern: somebody, always the same."""
    coarse = np.random.default_rng(seed).integers(20, 236, (12, 16, 3)).astype(np.uint8)
    return np.kron(coarse, np.ones((20, 20, 1), np.uint8))


def seen(picture: np.ndarray, seed: int) -> np.ndarray:
    """The frame with a sensor's noise, in the five or six bits of colour that the camera gives."""
    noisy = picture + np.random.default_rng(seed).normal(0, 2, picture.shape)
    words = to_rgb565(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    red, green, blue = words >> 11 & 31, words >> 5 & 63, words & 31
    return np.stack([red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2], axis=-1).astype(np.uint8)


WALL = np.full((240, 320, 3), 140, np.uint8)


class Recogniser:
    """What the chip recognises, by the integer network in numpy."""

    def __init__(self, package: ModelPackage, gallery: Gallery) -> None:
        self.package, self.gallery = package, gallery
        self.score = Score(package.score, 0)

    def embed(self, crop: np.ndarray) -> np.ndarray:
        return self.package.network.run((crop ^ 0x80).view(np.int8)[None])[0, 0, 0]

    def __call__(self, crop: np.ndarray) -> Match:
        mine = self.score.centred(self.embed(crop)[None])
        means = [
            int(self.score.distances(mine, self.score.centred(p.templates)).sum()) // p.photos for p in self.gallery
        ]
        nearest = int(np.argmin(means))
        return Match(-1, nearest, means[nearest])


def crops_of(package: ModelPackage, frame: np.ndarray) -> list[np.ndarray]:
    places = CHOSEN.rectangles(package.preprocess)
    return [crop_resized(frame, place, package.preprocess.size) for place in places]


def gallery_of(package: ModelPackage, threshold: int, **people: list[np.ndarray]) -> Gallery:
    empty = Recogniser(package, new_gallery("", package.model_id, 32, ()))
    persons = [Person(name, np.stack([empty.embed(crop) for crop in crops])) for name, crops in people.items()]
    return new_gallery(package.name, package.model_id, 32, persons).with_threshold(threshold)


def python_of(package: ModelPackage, gallery: Gallery, face: Callable[[np.ndarray], bool] | None = None) -> Application:
    places, size = CHOSEN.rectangles(package.preprocess), package.preprocess.size
    return Application(CHOSEN, places, size, Recogniser(package, gallery), gallery.names, gallery.threshold, face)


@pytest.fixture(scope="module")
def chip(package: ModelPackage, tmp_path_factory: pytest.TempPathFactory) -> EmulatedApplication:
    pytest.importorskip("unicorn")
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("max78000") / "firmware"
    return EmulatedApplication(make_firmware(package, Target.load("max78000"), folder, Options(application=CHOSEN)))


@pytest.fixture(scope="module")
def known(package: ModelPackage) -> Gallery:
    people = {name: crops_of(package, seen(pattern(seed), 90 + seed)) for seed, name in enumerate(("Ada", "Bo"))}
    return gallery_of(package, 600, **people)


def play(chip: EmulatedApplication, app: Application, pictures: list[np.ndarray]) -> None:
    for number, picture in enumerate(pictures):
        frame = seen(picture, number)
        chip.frame(frame)
        assert app.frame(frame) == chip.state


def test_scenes_on_the_accelerator(chip: EmulatedApplication, package: ModelPackage, known: Gallery) -> None:
    """Nobody, a person, the face leaves, a stranger, then two people one after the other."""
    chip.write_gallery(to_image(known))
    app, before = python_of(package, known), len(chip.lines)
    reported = []
    for picture in (WALL, pattern(0), WALL, pattern(7), pattern(0), pattern(1)):
        play(chip, app, [picture] * 3)
        reported.append(chip.state.reported)
    assert reported == [NOBODY, 0, NOBODY, UNKNOWN, 0, 1]
    assert chip.lines[before:] == app.lines and app.lines[1].endswith("name Ada")


def test_crops_that_disagree_report_nobody_by_name(chip: EmulatedApplication, package: ModelPackage) -> None:
    frame = seen(pattern(3), 0)
    people = dict(zip(("Cy", "Di", "Ed"), ([crop] for crop in crops_of(package, frame)), strict=True))
    gallery = gallery_of(package, 250, **people)
    chip.write_gallery(to_image(gallery))
    app = python_of(package, gallery)
    play(chip, app, [pattern(3)] * 3)
    assert (chip.state.verdict, chip.state.agreed, chip.state.crops_seen) == (UNSURE, UNSURE, 3)


def test_two_people_who_take_turns_are_nobody_yet(
    chip: EmulatedApplication, package: ModelPackage, known: Gallery
) -> None:
    """Frame by frame another one: each is named as a verdict, and neither is reported."""
    chip.write_gallery(to_image(known))
    app, before = python_of(package, known), len(chip.lines)
    verdicts = []
    for number in range(4):
        play(chip, app, [pattern(number % 2)])
        verdicts.append(chip.state.verdict)
    assert verdicts == [0, 1, 0, 1]
    assert (chip.state.agreed, chip.state.reported, chip.state.votes) == (UNSURE, UNSURE, 0)
    assert len(chip.lines) == before


def test_two_people_in_one_frame_end_unsure(chip: EmulatedApplication, package: ModelPackage, known: Gallery) -> None:
    """Ada above, Bo below, in one rectangle: a crop takes it for Ada, one for Bo, one for nobody."""
    gallery = known.with_threshold(700)
    both = np.concatenate([pattern(0)[:98], pattern(1)[98:]])
    app = python_of(package, gallery)
    recognise = Recogniser(package, gallery)
    matches = [recognise(crop) for crop in crops_of(package, seen(both, 0))]
    assert {match.nearest for match in matches if match.distance <= 700} == {0, 1}
    chip.write_gallery(to_image(gallery))
    before = len(chip.lines)
    play(chip, app, [both] * 4)
    assert (chip.state.verdict, chip.state.agreed, chip.state.crops_seen) == (UNSURE, UNSURE, 3)
    assert len(chip.lines) == before


def test_somebody_is_added_and_the_threshold_moved_while_it_runs(
    chip: EmulatedApplication, package: ModelPackage, known: Gallery
) -> None:
    chip.write_gallery(to_image(known))
    with pytest.raises(UserError, match="shows nobody"):
        chip.enrol(WALL, "Wall")
    chip.enrol(seen(pattern(7), 1), "Zoë")
    for number in range(3):
        chip.frame(seen(pattern(7), number))
    assert chip.lines[-1].endswith("name Zoë")
    chip.set_threshold(1)
    for number in range(3):
        chip.frame(seen(pattern(7), 10 + number))
    assert chip.state.reported == UNKNOWN and chip.state.threshold == 1


def test_a_frame_costs_what_its_crops_cost(chip: EmulatedApplication, known: Gallery) -> None:
    chip.write_gallery(to_image(known))
    assert chip.accelerators is not None
    empty = chip.frame(WALL).instructions
    assert chip.accelerators.networks[0].runs == 0
    somebody = chip.frame(seen(pattern(0), 1)).instructions
    assert chip.accelerators.networks[0].runs == 2 and somebody > 2 * empty
    estimate = application_time(chip.accelerators.networks[0].plan, chip.target, "none", 2)
    assert abs(estimate.instructions / somebody - 1) < 0.05


@pytest.mark.parametrize("target", ["max78000", "stm32h743zi"])
def test_a_frame_without_a_face_costs_the_network_in_front_only(
    target: str, package: ModelPackage, known: Gallery, tmp_path: Path
) -> None:
    """Weights are drawn, so the margin is set between what the network says of two frames; a camera delivers rows."""
    pytest.importorskip("unicorn")
    pytest.importorskip("torch")
    network = chain("front", (4, 8, 8), 8, (44, 44, 12))
    place = CHOSEN.wake_rectangle(package.preprocess, window_of(network))
    frames = [seen(pattern(seed), seed) for seed in (0, 4)]
    says = [margin_of(network, place, frame) for frame in frames]
    without, face = sorted(range(2), key=lambda i: says[i])
    settings = dataclasses.replace(CHOSEN, wake_margin=says[without], rows=True)
    options = Options(application=settings, wake=network)
    chip = EmulatedApplication(make_firmware(package, Target.load(target), tmp_path / "firmware", options), rgb565=True)
    chip.write_gallery(to_image(known))
    app = python_of(package, known, Wake(network, place, settings.wake_margin))
    cost = []
    for picture in (frames[without], frames[face], frames[without]):
        cost.append(chip.frame(picture).instructions)
        assert app.frame(picture) == chip.state
    assert chip.state.verdict == NOBODY and chip.state.crops_seen == 0
    assert cost[1] - cost[0] > 200_000 and abs(cost[2] - cost[0]) < 1_000
    if chip.accelerators is not None:
        assert_planned_above_measured(chip.firmware)
        assert samples_in(tmp_path / "firmware" / "firmware.elf") == 1  # of the network that is tested
        assert [each.runs for each in chip.accelerators.networks] == [0, 1]


def assert_planned_above_measured(firmware: Firmware) -> None:
    """Estimates of code and variables lie above what was built, by at most 5,000 bytes."""
    planned, measured = firmware.facts["plan"], firmware.facts["measured"]
    assert 0 <= planned["flash_bytes"] - measured["flash_bytes"] < 5_000
    ram = sum(line["bytes"] for line in planned["ram"])
    assert 0 <= ram - sum(measured[f"{part}_bytes"] for part in ("data", "arena", "stack")) < 1_000


def samples_in(elf: Path) -> int:
    """How many known-answer tests' inputs take flash."""
    with elf.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab").iter_symbols()
        return sum(symbol.name == "sample_input" for symbol in symbols)


def margin_of(network: IntegerNetwork, place: Rectangle, frame: np.ndarray) -> int:
    """The largest margin below which `network` lets the frame pass."""
    low, high = -(1 << 31), 1 << 31
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if Wake(network, place, middle)(frame) else (low, middle)
    return high


def test_a_network_in_front_gives_two_values(package: ModelPackage, tmp_path: Path) -> None:
    options = Options(application=CHOSEN, wake=package.network)
    with pytest.raises(UserError, match="face / no-face network"):
        make_firmware(package, Target.load("max78000"), tmp_path / "firmware", options)
    assert not (tmp_path / "firmware").exists()
