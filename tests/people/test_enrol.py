"""Enrolment from folders: what is used, what is left out, what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from packages import noise_people, tiny_package

from microface.chip.devices.host import HostDevice
from microface.chip.targets import Target
from microface.errors import UserError
from microface.people.enrol import Look, enrol, new_gallery, person_folders
from microface.people.faces import photo_looker, photos_in
from microface.people.gallery import Gallery, Person
from microface.people.identify import identify
from microface.people.image import people_that_fit
from microface.people.slots import slot_bytes
from microface.people.threshold import with_rate
from microface.photos.preprocess import Preprocess

PACKAGE = tiny_package()


@pytest.fixture(scope="module")
def device() -> HostDevice:
    return HostDevice(PACKAGE)


def looks_of(people: int = 3, photos: int = 6) -> dict[str, list[Look]]:
    crops, owners = noise_people(people, photos, seed=8)
    named = {f"p{i}": crops[owners == i] for i in range(people)}
    return {name: [Look(Path(name) / f"{k}.jpg", crop) for k, crop in enumerate(own)] for name, own in named.items()}


def test_people_are_enrolled_and_recognised(device: HostDevice) -> None:
    looks = looks_of()
    enrolment = enrol({name: seen[:5] for name, seen in looks.items()}, device)
    assert enrolment.warnings() == []
    gallery = new_gallery("tiny", PACKAGE.model_id, PACKAGE.embedding_size, enrolment.people)
    gallery, _ = with_rate(PACKAGE, gallery, 0.05)
    visits = np.stack([looks["p1"][5].crop, looks["p2"][5].crop])  # type: ignore[list-item]
    strangers, _ = noise_people(3, 1, seed=99)
    said = identify(gallery, device, device.embed(np.concatenate([visits, strangers])))
    assert [one.said for one in said] == ["p1", "p2", "unknown", "unknown", "unknown"]
    assert all(one.threshold == gallery.threshold for one in said)
    assert all((one.distance <= one.threshold) == (one.name is not None) for one in said)
    assert said[0].to_json()["name"] == "p1" and said[2].nearest in gallery.names


def test_an_empty_gallery_knows_nobody(device: HostDevice) -> None:
    gallery = new_gallery("tiny", PACKAGE.model_id, PACKAGE.embedding_size, ())
    said = identify(gallery, device, np.zeros((1, 8), np.int8))
    assert said[0].said == "unknown" and said[0].nearest == ""


def test_a_gallery_of_another_model_is_refused(device: HostDevice) -> None:
    with pytest.raises(UserError, match="was made with the model other"):
        identify(new_gallery("other", "00" * 32, 8, ()), device, np.zeros((1, 8), np.int8))


def test_bad_photos_are_left_out_and_few_are_warned_of(device: HostDevice) -> None:
    looks = looks_of(2, 3)
    bad = Look(Path("p0/dark.jpg"), looks["p0"][0].crop, ("too_dark", "blurred"))
    enrolment = enrol({**looks, "p0": [*looks["p0"], bad, Look(Path("p0/x.txt"), None, ("unreadable",))]}, device)
    assert [person.photos for person in enrolment.people] == [3, 3]
    told = "\n".join(enrolment.warnings())
    assert "p0 has 3, p1 has 3" in told and "dark.jpg: too_dark, blurred" in told and "x.txt: unreadable" in told
    assert enrolment.to_json()["left_out"][0] == {"photo": "p0/dark.jpg", "reasons": ["too_dark", "blurred"]}


@pytest.mark.parametrize("seen", [[], [Look(Path("a.jpg"), None, ("no_face",))] * 2])
def test_a_person_without_a_usable_photo_is_refused(device: HostDevice, seen: list[Look]) -> None:
    with pytest.raises(UserError, match=r"p9: has no photo that can be enrolled \((the folder is empty|2 x no_face)\)"):
        enrol({**looks_of(1, 1), "p9": seen}, device)


def test_folders_are_people(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        person_folders(tmp_path / "none")
    with pytest.raises(UserError, match="has no folder in it"):
        person_folders(tmp_path)
    for name in ("Ben/2.jpg", "Ben/1.jpg", "Ben/.hidden", "Ada/1.jpg", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = person_folders(tmp_path)
    names = {name: [path.name for path in paths] for name, paths in found.items()}
    assert names == {"Ada": ["1.jpg"], "Ben": ["1.jpg", "2.jpg"]}
    assert [p.name for p in photos_in([tmp_path / "Ben", tmp_path / "Ada/1.jpg"])] == ["1.jpg", "2.jpg", "1.jpg"]
    with pytest.raises(UserError, match="is not there"):
        photos_in([tmp_path / "Ben", tmp_path / "Zoe.jpg"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no photo"):
        photos_in([tmp_path / "empty"])


def test_files_that_show_nobody_say_why(tmp_path: Path) -> None:
    look = photo_looker(Preprocess.aligned(16))
    (tmp_path / "notes.txt").write_text("no photo")
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((80, 80, 3), 128, np.uint8))
    assert look(tmp_path / "notes.txt").reasons[0].startswith("unreadable: is not a photo")
    assert look(tmp_path / "grey.png").reasons == ("no_face",) and look(tmp_path / "grey.png").crop is None
    assert look(tmp_path / "missing.png").reasons[0].startswith("unreadable")


def test_the_host_takes_the_largest_gallery_of_any_chip(device: HostDevice) -> None:
    templates = device.embed(noise_people(1, 3, seed=2)[0])
    count = people_that_fit(slot_bytes(Target.load("stm32h743zi")), 3, 8)
    people = tuple(Person(f"p{i}", templates) for i in range(count))
    gallery = Gallery("tiny", PACKAGE.model_id, 8, 9000, None, people)
    assert len(gallery) > 1000
    assert identify(gallery, device, templates[:1])[0].said == "p0"
