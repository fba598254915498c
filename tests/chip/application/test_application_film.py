"""The film of the demo's people: scenes by the shipped network, firmware on the emulated chip against Python."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from microface import models
from microface.chip.application.device import EmulatedApplication
from microface.chip.application.machine import Application
from microface.chip.application.settings import Settings
from microface.chip.application.votes import NOBODY, UNKNOWN
from microface.chip.devices.host import HostDevice
from microface.chip.firmware.build import Options, build
from microface.chip.targets import Target
from microface.demo.cast import Cast, made_up_people
from microface.demo.film import Frame, Shown, film, play
from microface.demo.strip import write_strip
from microface.errors import UserError
from microface.people.enrol import enrol, look_at_all, new_gallery
from microface.people.faces import photo_looker
from microface.people.gallery import Gallery
from microface.people.image import to_image
from microface.people.threshold import with_rate

PACKAGE = models.load("default")
CHOSEN = Settings()


@pytest.fixture(scope="module")
def cast() -> Cast:
    whole = made_up_people()
    enrolled = {name: photos[:2] for name, photos in whole.enrolled.items() if name in ("Arlo", "Brisa")}
    return dataclasses.replace(whole, enrolled=enrolled)


@pytest.fixture(scope="module")
def host() -> HostDevice:
    return HostDevice(PACKAGE)


@pytest.fixture(scope="module")
def gallery(cast: Cast, host: HostDevice) -> Gallery:
    looks = look_at_all(cast.enrolled, photo_looker(PACKAGE.preprocess))
    people = enrol(looks, host).people
    return with_rate(PACKAGE, new_gallery(PACKAGE.name, PACKAGE.model_id, PACKAGE.embedding_size, people))[0]


@pytest.fixture(scope="module")
def frames(cast: Cast) -> list[Frame]:
    return film(cast)


def application(host: HostDevice, gallery: Gallery) -> Application:
    host.write_gallery(to_image(gallery))
    rectangles = CHOSEN.rectangles(PACKAGE.preprocess)

    def recognise(crop: np.ndarray) -> "object":
        return host.match(host.embed(crop[None]))[0]

    return Application(CHOSEN, rectangles, PACKAGE.preprocess.size, recognise, gallery.names, gallery.threshold)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shown(host: HostDevice, gallery: Gallery, frames: list[Frame]) -> list[Shown]:
    app = application(host, gallery)
    return play(frames, app.frame, lambda: app.lines)


def scenes(shown: list[Shown]) -> Iterator[tuple[str, list[Shown]]]:
    for name in dict.fromkeys(one.frame.scene for one in shown):
        yield name, [one for one in shown if one.frame.scene == name]


def test_every_scene_ends_with_its_report(shown: list[Shown], gallery: Gallery) -> None:
    ends = {name: part[-1].state.reported for name, part in scenes(shown)}
    assert ends["nobody"] == ends["the face leaves"] == NOBODY
    assert ends["a stranger"] == UNKNOWN
    assert ends["a person"] == ends["two people, one"] == gallery.index("Arlo")
    assert ends["two people, other"] == gallery.index("Brisa")


def test_nobody_is_ever_reported_under_a_wrong_name(shown: list[Shown], gallery: Gallery) -> None:
    for one in shown:
        before = [other.frame.person for other in shown if other.state.frames <= one.state.frames]
        if one.state.agreed >= 0:
            assert gallery.names[one.state.agreed] in before[-CHOSEN.frames :]


def test_crops_beside_the_rectangle_disagree(shown: list[Shown]) -> None:
    beside = dict(scenes(shown))["beside the rectangle"]
    assert any(one.state.crops_seen == 3 for one in beside)


def test_frames_without_a_face_do_not_run_the_network(shown: list[Shown]) -> None:
    assert all(one.state.crops_seen == 0 for one in shown if one.frame.scene in ("nobody", "the face leaves"))


def test_the_emulated_firmware_does_the_same(
    host: HostDevice, gallery: Gallery, frames: list[Frame], tmp_path: Path
) -> None:
    pytest.importorskip("unicorn")
    firmware = build(PACKAGE, Target.load("stm32h743zi"), tmp_path / "fw", options=Options(application=CHOSEN))
    chip, app = EmulatedApplication(firmware, rgb565=False), application(host, gallery)
    chip.write_gallery(to_image(gallery))
    for frame in [*frames[2:7], frames[-1]]:
        report = chip.frame(frame.picture)
        assert app.frame(frame.picture) == chip.state
        assert (report.instructions < 2_000_000) == (chip.state.crops_seen == 0)
    app.set_threshold(5)
    chip.set_threshold(5)
    for frame in frames[4:6]:
        chip.frame(frame.picture)
        assert app.frame(frame.picture) == chip.state
    assert chip.lines == app.lines
    with pytest.raises(UserError, match="frame"):
        chip.frame(frames[0].picture[:100])


def test_an_application_needs_a_package_and_a_device_needs_an_application(tmp_path: Path) -> None:
    target = Target.load("stm32h743zi")
    with pytest.raises(UserError, match="bare network"):
        build(PACKAGE.network, target, tmp_path / "bare", source_only=True, options=Options(application=CHOSEN))
    assert not (tmp_path / "bare").exists()
    plain = build(PACKAGE, target, tmp_path / "plain", source_only=True)
    with pytest.raises(UserError, match="holds no application"):
        EmulatedApplication(plain)


def test_the_strip_shows_every_frame(shown: list[Shown], gallery: Gallery, tmp_path: Path) -> None:
    import cv2

    write_strip(shown[:8], CHOSEN.rectangles(PACKAGE.preprocess)[0], gallery.names, tmp_path / "strip.png")
    picture = cv2.imread(str(tmp_path / "strip.png"))
    assert picture is not None and picture.shape[1] > 1000
    green = (picture[..., 1] > 100) & (picture[..., 0] < 110) & (picture[..., 2] < 60)
    assert green.any()  # a rectangle round somebody who is known


def test_somebody_is_added_on_the_chip_and_recognised(frames: list[Frame], gallery: Gallery, tmp_path: Path) -> None:
    pytest.importorskip("unicorn")
    target = Target.load("stm32h743zi")
    chip = EmulatedApplication(build(PACKAGE, target, tmp_path / "fw", options=Options(application=CHOSEN)))
    chip.write_gallery(to_image(gallery))
    stranger = [frame.picture for frame in frames if frame.scene == "a stranger"]
    with pytest.raises(UserError, match="shows nobody"):
        chip.enrol(frames[0].picture, "Wall")
    with pytest.raises(UserError, match="gallery status"):
        chip.enrol(stranger[0], gallery.names[0])
    chip.enrol(stranger[0], "Zoë")
    for picture in stranger[1:4]:
        chip.frame(picture)
    assert chip.lines[-1].endswith("name Zoë") and chip.state.reported == len(gallery)
