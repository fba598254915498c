"""Bad input, each case through the command line: one line with file, reason and mend, exit code 2, nothing lost."""

import json
import shutil
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from running import Outcome, RunCli

from microface.models.shelf import SHIPPED
from microface.network import IntegerNetwork, Tensor, save_network
from microface.network.ops import Dense
from microface.network.requantise import NoRequantise


def refused(outcome: Outcome, *words: str) -> None:
    """Assert that `outcome` is one clear error that holds all `words`."""
    assert outcome.code == 2, outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.line.startswith("microface: ")
    for word in words:
        assert word in outcome.line


def folder_with(tmp_path: Path, name: str, data: bytes) -> Path:
    """A folder of people with one person, Ada, who has one file."""
    (tmp_path / "people" / "Ada").mkdir(parents=True)
    (tmp_path / "people" / "Ada" / name).write_bytes(data)
    return tmp_path / "people"


def jpeg(picture: np.ndarray) -> bytes:
    """The picture as JPEG."""
    return cv2.imencode(".jpg", picture)[1].tobytes()


def huge_png(side: int) -> bytes:
    """A PNG that says it has `side` x `side` pixels, in a few hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


def test_a_folder_that_is_not_there(cli: RunCli) -> None:
    refused(cli("enroll", "nowhere"), "nowhere", "not a folder")


def test_an_empty_folder(cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(cli("enroll", "empty"), "empty", "no folder in it")


def test_a_folder_of_text_files(cli: RunCli, tmp_path: Path) -> None:
    refused(cli("enroll", folder_with(tmp_path, "notes.txt", b"hello")), "Ada")


def test_no_face(cli: RunCli, tmp_path: Path) -> None:
    refused(cli("enroll", folder_with(tmp_path, "grey.jpg", jpeg(np.full((240, 320, 3), 128, np.uint8)))), "no_face")


def test_two_faces(cli: RunCli, tmp_path: Path, people: Path) -> None:
    first, second = (cv2.imread(str(sorted(one.glob("*.jpg"))[0])) for one in sorted(people.iterdir())[:2])
    data = jpeg(np.concatenate([first, second], axis=1))
    refused(cli("enroll", folder_with(tmp_path, "two.jpg", data)), "several_faces")


def test_a_visit_of_two_people_says_who_was_looked_at(cli: RunCli, tmp_path: Path, people: Path, gallery: Path) -> None:
    first, second = (cv2.imread(str(sorted(one.glob("*.jpg"))[0])) for one in sorted(people.iterdir())[:2])
    (tmp_path / "two.jpg").write_bytes(jpeg(np.concatenate([first, second], axis=1)))
    told = cli("identify", gallery, "two.jpg", "--json", "said.json")
    said = " ".join(told.out.split())
    assert told.code == 0 and "several faces" in said and "the most central one was taken" in said
    (visit,) = json.loads((tmp_path / "said.json").read_text())
    assert "several_faces" in visit["remarks"] and "name" in visit


def test_ten_by_ten_pixels(cli: RunCli, tmp_path: Path) -> None:
    refused(cli("enroll", folder_with(tmp_path, "dot.png", cv2.imencode(".png", np.zeros((10, 10, 3)))[1])), "Ada")


def test_twenty_thousand_pixels_squared(cli: RunCli, tmp_path: Path) -> None:
    refused(cli("enroll", folder_with(tmp_path, "wall.png", huge_png(20_000))), "Ada")


def test_a_cut_jpeg(cli: RunCli, tmp_path: Path, people: Path) -> None:
    data = next(people.glob("*/enrol-1.jpg")).read_bytes()
    refused(cli("enroll", folder_with(tmp_path, "cut.jpg", data[: len(data) // 3])), "Ada")


@pytest.mark.parametrize("position", [20, 5000, -10])
def test_a_network_with_one_flipped_byte(cli: RunCli, tmp_path: Path, position: int) -> None:
    data = bytearray((SHIPPED / "default.mface").read_bytes())
    data[position] ^= 1
    (tmp_path / "flipped.mface").write_bytes(data)
    refused(cli("plan", "flipped.mface", "--target", "host"), "flipped.mface", "damaged")


def test_an_unknown_network_lists_the_shipped_ones(cli: RunCli) -> None:
    refused(cli("plan", "no-such-network", "--target", "host"), "no-such-network", "default")


def test_a_network_too_large_for_the_chip(cli: RunCli, tmp_path: Path) -> None:
    tensors = {"x": Tensor("x", (64, 64, 1), "s8", 1.0), "y": Tensor("y", (1, 1, 300), "s32", 1.0)}
    dense = Dense("dense", ("x",), "y", np.ones((300, 4096), np.int8), np.zeros(300, np.int32), NoRequantise())
    save_network(IntegerNetwork("large", tensors, (dense,), ("x",), ("y",)), tmp_path / "large.mfn")
    refused(cli("build", "large.mfn", "--target", "nrf52840", "--output", "fw"), "large", "flash", "bytes")
    assert not (tmp_path / "fw").exists()


@pytest.fixture
def gallery(cli: RunCli, people: Path, tmp_path: Path) -> Path:
    """A gallery of one person, enrolled by the command line."""
    one = sorted(people.iterdir())[0]
    shutil.copytree(one, tmp_path / "one" / one.name)
    assert cli("enroll", "one", "--output", "one.mfg").code == 0
    return tmp_path / "one.mfg"


def test_a_damaged_gallery(cli: RunCli, gallery: Path) -> None:
    data = bytearray(gallery.read_bytes())
    data[len(data) // 2] ^= 1
    gallery.write_bytes(data)
    refused(cli("people", "list", gallery), "one.mfg", "damaged")


def test_a_gallery_is_readable_by_its_owner_alone(gallery: Path) -> None:
    assert gallery.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_loses_nothing(cli: RunCli, gallery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = gallery.read_bytes()

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("microface.files.os.fsync", no_space)
    name = cli("people", "rename", gallery, _only_name(cli, gallery), "Somebody")
    refused(name, "one.mfg", "No space left on device")
    assert gallery.read_bytes() == before
    assert sorted(path.name for path in gallery.parent.glob(".one*")) == []


def _only_name(cli: RunCli, gallery: Path) -> str:
    from microface.people.gallery import Gallery

    return Gallery.load(gallery).names[0]
