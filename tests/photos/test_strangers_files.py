"""Odd input that once ended in a traceback."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from microface.errors import DamagedFileError, UserError
from microface.photos.detect.finder import Finder
from microface.photos.layouts import list_photos, read_entry
from microface.photos.preprocess import Preprocess


@pytest.mark.parametrize("kind", [UserError, DamagedFileError])
def test_an_error_comes_whole_out_of_a_worker_process(kind: type[UserError]) -> None:
    error = pickle.loads(pickle.dumps(kind("disk", "is full", "free space")))
    assert type(error) is kind and str(error) == "disk: is full; free space" and error.mend == "free space"


@pytest.mark.parametrize("size", [(1, 1), (10, 10), (1, 5000), (5000, 1), (21, 3000)])
def test_no_face_in_a_photo_too_small_for_one(size: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert Finder().find(photo) == ()


def test_a_row_without_a_photo_is_empty(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"key": ["a"], "source": ["s"], "identity": [""], "photo": pa.array([None], pa.binary())}
    parquet.write_table(pa.table(columns), tmp_path / "photos.parquet")
    (entry,) = list_photos(tmp_path)
    assert read_entry(entry) == b""


def test_the_folder_here_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "people" / "ada").mkdir(parents=True)
    (tmp_path / "people" / "ada" / "1.png").write_bytes(b"")
    monkeypatch.chdir(tmp_path / "people")
    assert [(entry.key, entry.identity) for entry in list_photos(Path("."))] == [("people/ada/1.png", "people:ada")]


def test_a_margin_leaves_the_scale_alone() -> None:
    for plain in (Preprocess.aligned(96), Preprocess.loose(120, 160)):
        wide = plain.widened(4)
        assert (wide.width, wide.height) == (plain.width + 8, plain.height + 8)
        assert wide.eye_distance == plain.eye_distance
    assert Preprocess.aligned(96).widened(4) == Preprocess.aligned(96, 4)
