"""`microface enroll`, `people` and `identify` on photos of LFW (research data, never in the repository)."""

import json
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from packages import tiny_package
from typer.testing import CliRunner

from microface.cli.enroll import enroll
from microface.cli.identify import identify_photos
from microface.cli.people import app
from microface.errors import UserError
from microface.people.gallery import Gallery
from microface.people.image import from_image

Verb = Callable[..., str]


@pytest.fixture(scope="module")
def photos(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of three people with three photos each, and one more of a fourth in `unknown`."""
    folder = tmp_path_factory.mktemp("photos")
    with tarfile.open(shared / "data" / "lfw_dev.tar") as tar:
        listed = tar.extractfile("lfw/people_30.txt")
        assert listed is not None
        lines = listed.read().decode().split()
        names = list(dict.fromkeys(line.split("/")[1] for line in lines))[:4]
        for name in names:
            for i in (1, 2, 3):
                place = folder / (name if name != names[3] else "unknown") / f"{name}_{i}.jpg"
                place.parent.mkdir(exist_ok=True)
                own = [line for line in lines if f"/{name}/" in line][i - 1]
                photo = tar.extractfile("lfw/" + own.partition("/")[2])
                assert photo is not None
                place.write_bytes(photo.read())
    return folder


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "tiny.mface"
    tiny_package().save(path)
    return path


def run(application: typer.Typer, *arguments: object) -> str:
    result = CliRunner().invoke(application, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def verbs() -> dict[str, Verb]:
    alone = {"enroll": typer.Typer(), "identify": typer.Typer()}
    alone["enroll"].command()(enroll)
    alone["identify"].command()(identify_photos)
    verbs: dict[str, Verb] = {name: lambda *a, app=each: run(app, *a) for name, each in alone.items()}
    return verbs | {"people": lambda *arguments: run(app, *arguments)}


@pytest.fixture(scope="module")
def enrolled(photos: Path, network: Path, verbs: dict[str, Verb], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    path = folder / "people.mfg"
    said = verbs["enroll"](photos, "--network", network, "--output", path, "--rate", 0.2, "--json", folder / "e.json")
    assert "5 photos a person are recommended" in said and "own photos, each left out once" in said
    assert "strangers' photos" in said
    value = json.loads((folder / "e.json").read_text())
    assert sum(person["photos"] for person in value["people"]) + len(value["left_out"]) == 9
    assert len(value["people"]) == 3 and 1 <= value["check"]["strangers"] <= 3
    assert value["choice"]["threshold"] == value["threshold"]
    return path


def test_a_gallery_is_its_owners_alone(enrolled: Path) -> None:
    assert stat.S_IMODE(enrolled.stat().st_mode) == 0o600
    assert len(Gallery.load(enrolled)) == 3


def test_people_are_changed_one_by_one(enrolled: Path, photos: Path, verbs: dict[str, Verb], tmp_path: Path) -> None:
    path = tmp_path / "people.mfg"
    path.write_bytes(enrolled.read_bytes())
    first = Gallery.load(path)
    people = verbs["people"]
    assert "4 people" in people("add", path, "Zoe", photos / "unknown")
    assert Gallery.load(path).names == (*first.names, "Zoe") and Gallery.load(path).threshold <= first.threshold
    people("rename", path, "Zoe", "Zoë")
    people("remove", path, "Zoë")
    assert Gallery.load(path).names == first.names and Gallery.load(path).threshold == first.threshold
    people("list", path, "--json", tmp_path / "l.json")
    assert [person["name"] for person in json.loads((tmp_path / "l.json").read_text())["people"]] == list(first.names)


def test_export_and_import(enrolled: Path, network: Path, verbs: dict[str, Verb], tmp_path: Path) -> None:
    image, header, again = tmp_path / "g.bin", tmp_path / "embeddings.h", tmp_path / "again.mfg"
    verbs["people"]("export", enrolled, image)
    verbs["people"]("export", enrolled, header)
    assert from_image(image.read_bytes(), image).names == Gallery.load(enrolled).names
    assert "MF_EMBEDDINGS_PEOPLE 3" in header.read_text() and stat.S_IMODE(header.stat().st_mode) == 0o600
    verbs["people"]("import", image, "--output", again, "--network", network)
    assert Gallery.load(again).threshold == Gallery.load(enrolled).threshold
    with pytest.raises(UserError, match=r"ends in none of \.bin, \.h"):
        verbs["people"]("export", enrolled, tmp_path / "g.txt")


def test_the_threshold_is_shown_chosen_and_set(enrolled: Path, verbs: dict[str, Verb], tmp_path: Path) -> None:
    path = tmp_path / "people.mfg"
    path.write_bytes(enrolled.read_bytes())
    threshold = verbs["people"]
    assert "visits of unknown people" in threshold("threshold", path)
    threshold("threshold", path, "--rate", 0.4, "--json", tmp_path / "t.json")
    value = json.loads((tmp_path / "t.json").read_text())
    assert value["rate"] == 0.4 and value["choice"]["rate"] <= 0.4
    threshold("threshold", path, "--set", 1234)
    assert (Gallery.load(path).threshold, Gallery.load(path).rate) == (1234, None)
    with pytest.raises(UserError, match="were both given"):
        threshold("threshold", path, "--set", 1, "--rate", 0.1)


def test_photos_are_identified(enrolled: Path, photos: Path, verbs: dict[str, Verb], tmp_path: Path) -> None:
    name = Gallery.load(enrolled).names[0]
    verbs["identify"](enrolled, photos / name, photos / "unknown", "--json", tmp_path / "i.json")
    value = json.loads((tmp_path / "i.json").read_text())
    assert len(value) == 6 and {"photo", "name", "nearest", "distance", "threshold"} <= set(value[0])
    for one in value:
        assert (one["name"] != "unknown") == (one["distance"] <= one["threshold"])


def test_too_many_people_for_a_chip(enrolled: Path, verbs: dict[str, Verb], tmp_path: Path) -> None:
    gallery, path = Gallery.load(enrolled), tmp_path / "crowd.mfg"
    for i in range(400):
        gallery = gallery.add(type(gallery.people[0])(f"p{i}", gallery.people[0].templates))
    gallery.save(path)
    with pytest.raises(UserError, match=r"enrol at most \d+ people with \d photos each"):
        verbs["people"]("export", path, tmp_path / "g.bin", "--target", "nrf52840")
    assert not (tmp_path / "g.bin").exists()


@pytest.mark.parametrize("verb", ["add", "remove", "rename", "list", "export", "import", "threshold"])
def test_help_shows_an_example(verb: str, verbs: dict[str, Verb]) -> None:
    assert f"microface people {verb}" in " ".join(verbs["people"](verb, "--help").split())
