# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Bad data for training ends in one line that says what to do, before anything is written or with a good checkpoint."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from faces import write_dataset
from settings import config

from microface.errors import DamagedFileError, UserError
from microface.learn.train.compare import compare
from microface.learn.train.config import load_config
from microface.learn.train.data import open_photos
from microface.learn.train.losses.base import Lesson
from microface.learn.train.run import Run
from microface.learn.train.start import start
from microface.photos.dataset import Manifest


def told(folder: Path, tmp_path: Path, kind: type[UserError] = UserError) -> str:
    """Return the line that training on the data set in `folder` ends in; nothing is written."""
    with pytest.raises(kind) as caught:
        start(config(folder), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    return str(caught.value)


def unsigned(folder: Path) -> None:
    """Let a data set's manifest say nothing about its files' checksums, as if they had been written like this."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for shard in manifest["shards"]:
        shard["checksums"] = {}
    path.write_text(json.dumps(manifest))


def changed_rows(folder: Path, **change: str) -> Path:
    path = folder / "rows-00000.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0] |= change
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    unsigned(folder)
    return folder


def test_people_of_one_photo_leave_nothing_to_compare(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", people=160, photos=1)
    assert start(config(data, epochs=0.5, checks=1), tmp_path / "run")["cosine"] > -1
    with pytest.raises(UserError, match="have one photo each"):
        compare(config(data, epochs=0.5, checks=1), ["cosine"], tmp_path / "losses", device="cpu")


def all_trained(folder: Path) -> Path:
    """Let nobody of the data set in `folder` be held out."""
    for path in folder.glob("rows-*.jsonl"):
        path.write_text(path.read_text().replace("held_out", "train"))
    unsigned(folder)
    return folder


def test_nobody_held_out_and_no_teacher(tmp_path: Path) -> None:
    data = all_trained(write_dataset(tmp_path / "data", people=8, photos=8))
    for path in data.glob("embeddings-*"):
        np.save(path, np.zeros((len(np.load(path)), 0), np.float32))
    assert "holds nobody to measure on" in told(data, tmp_path)


def test_a_person_in_both_splits(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    changed_rows(data, identity="person0", split="train")
    assert "person0 is in both splits" in told(data, tmp_path, DamagedFileError)


@pytest.mark.parametrize("what", ["crops-00001.npy", "embeddings-00000.npy", "rows-00000.jsonl"])
def test_a_damaged_shard(what: str, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    content = bytearray((data / what).read_bytes())
    content[-3] ^= 8
    (data / what).write_bytes(content)
    assert "is damaged or incomplete; delete its files and run `microface prepare` again" in told(
        data, tmp_path, DamagedFileError
    )


def test_crops_that_vanish_while_they_are_read(tmp_path: Path) -> None:
    training, _ = open_photos(write_dataset(tmp_path / "data"))
    first = training.crops(np.arange(4))
    assert np.array_equal(first[2], training.shards[0][training.index[2, 1]])
    path = tmp_path / "data" / "crops-00000.npy"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DamagedFileError, match="cannot be read to its end"):
        training.crops(np.arange(4))


def test_embeddings_of_two_teachers(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    path = data / "embeddings-00001.npy"
    np.save(path, np.load(path)[:, :128])
    unsigned(data)
    assert "holds embeddings of 128, 512 values" in told(data, tmp_path)


def test_a_manifest_that_is_cut(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    (data / "manifest.json").write_bytes((data / "manifest.json").read_bytes()[:100])
    assert "is not a manifest of a data set" in told(data, tmp_path, DamagedFileError)
    with pytest.raises(DamagedFileError):
        Manifest.load(data)


def test_a_loss_that_is_no_number_before_the_first_checkpoint(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Run._loss

    def explode(self: Run, lesson: Lesson) -> torch.Tensor:
        return original(self, lesson) * float("nan")

    with monkeypatch.context() as patch:
        patch.setattr(Run, "_loss", explode)
        with pytest.raises(UserError, match="has no checkpoint yet: the loss at step 0 is not a number"):
            start(config(drawn), tmp_path / "run")
    mended = config(drawn, rate=1e-3, epochs=0.1, checks=1)  # what failed is no run that stands in the way
    assert start(mended, tmp_path / "run")["done"] and load_config(tmp_path / "run" / "config.json") == mended


def test_a_folder_that_holds_no_run_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="norun: holds no run; make one with `microface train`"):
        load_config(tmp_path / "norun" / "config.json")
