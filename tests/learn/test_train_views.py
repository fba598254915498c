# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Augmented views in torch, the live teacher, and the device pipeline that brings both together."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from faces import NET
from settings import config

from microface.errors import UserError
from microface.learn.store_views import StoredViews, store_views
from microface.learn.teacher import read_teacher
from microface.learn.train.config import Augmentation
from microface.learn.train.data import open_photos
from microface.learn.train.feed import DeviceFeed, HostFeed
from microface.learn.train.jpeg import as_jpeg
from microface.learn.train.place import CPU, where
from microface.learn.train.run import Run
from microface.learn.train.schedule import View
from microface.learn.train.start import Session, start
from microface.learn.train.team import Team
from microface.learn.train.views import Views
from microface.photos.teacher import Teacher
from teachers import drawn_teacher

NOTHING = Augmentation(rotation=0, scale=0, shift=0, gain=0, offset=0, grey=0, soften=0, mirror=0)
CHANGES = {"rotation": 10, "scale": 0.1, "shift": 0.05, "gain": 0.3, "offset": 30, "grey": 1, "soften": 1, "mirror": 1,
           "small": 1, "blur": 1, "jpeg": 1, "noise": 12, "gamma": 0.6, "occlusion": 1, "mixup": 1}  # fmt: skip
WHOLE = Views((36, 36), (32, 32), (32, 32), torch.device("cpu"))


def _pictures(count: int = 6) -> torch.Tensor:
    random = np.random.default_rng(5)
    grids = random.integers(0, 256, (count, 6, 6, 3), np.uint8)
    return torch.from_numpy(np.stack([cv2.resize(grid, (36, 36)) for grid in grids]))


def test_a_view_without_changes_is_the_content() -> None:
    crops = _pictures()
    seen, mixed = WHOLE.of(crops, NOTHING, np.random.default_rng(0))
    assert torch.equal(seen, crops[:, 2:34, 2:34].permute(0, 3, 1, 2).float()) and not bool(mixed.any())
    student = WHOLE.for_student(seen, (32, 32))
    assert torch.equal(student, (seen - 128) / 128)
    assert WHOLE.for_student(seen, (16, 16)).shape == (6, 3, 16, 16)


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_changes_views_and_keeps_them_pictures(change: str) -> None:
    crops, only = _pictures(), replace(NOTHING, **{change: CHANGES[change]})
    seen, mixed = WHOLE.of(crops, only, np.random.default_rng(1))
    again, _ = WHOLE.of(crops, only, np.random.default_rng(1))
    plain, _ = WHOLE.of(crops, NOTHING, np.random.default_rng(1))
    assert torch.equal(seen, again)
    assert float((seen - plain).abs().mean()) > 0.3
    assert float(seen.min()) >= 0 and float(seen.max()) <= 255 and torch.equal(seen, seen.round())
    assert bool(mixed.all()) == (change == "mixup")
    assert not torch.equal(seen, WHOLE.of(crops, only, np.random.default_rng(2))[0]) or change in ("grey", "mirror")


@given(quality=st.integers(15, 90))
@settings(max_examples=15, deadline=None)
def test_coding_is_near_to_that_of_opencv(quality: int) -> None:
    crop = np.ascontiguousarray(_pictures(1)[0, 2:34, 2:34].numpy())
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    flags += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    theirs = cv2.imdecode(cv2.imencode(".jpg", crop, flags)[1], cv2.IMREAD_COLOR).astype(float)
    x = torch.from_numpy(crop[..., ::-1].copy()).permute(2, 0, 1)[None].float()  # OpenCV's order is blue first
    mine = as_jpeg(x, np.array([float(quality)]))[0].permute(1, 2, 0).numpy()[..., ::-1]
    assert np.abs(mine - theirs).mean() < 1.5


def test_a_mirrored_view_is_the_content_from_right_to_left() -> None:
    crops = _pictures(1)
    seen, _ = WHOLE.of(crops, replace(NOTHING, mirror=1), np.random.default_rng(0))
    assert torch.equal(seen, crops[:, 2:34, 2:34].permute(0, 3, 1, 2).float().flip(3))


def test_the_torch_teacher_is_the_onnx_teacher(drawn: Path, tmp_path: Path) -> None:
    path = drawn_teacher(drawn, tmp_path / "teacher.onnx")
    faces = np.random.default_rng(0).integers(0, 256, (5, 112, 112, 3), np.uint8)
    found = read_teacher(path).of_views(torch.from_numpy(faces).permute(0, 3, 1, 2).float()).numpy()
    assert np.allclose(found, Teacher(path).embed(faces), atol=1e-5)


def test_the_published_teacher_is_the_same_in_torch(shared: Path) -> None:
    path = shared / "data" / "teacher_mbf_512.onnx"
    faces = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    with torch.no_grad():
        found = read_teacher(path).of_views(torch.from_numpy(faces).permute(0, 3, 1, 2).float()).numpy()
    assert np.allclose(found, Teacher(path).embed(faces), atol=1e-4)


def test_the_live_teacher_labels_the_very_view(drawn: Path, tmp_path: Path) -> None:
    path = drawn_teacher(drawn, tmp_path / "teacher.onnx")
    plain = config(drawn, augmentation=NOTHING, teacher=str(path), pipeline="device")
    training, _ = open_photos(drawn)
    lesson = DeviceFeed(training, plain, Team(), CPU, (32, 32)).lesson(0, 0, View((32, 32)))
    rows = np.random.default_rng((1, 0)).permutation(len(training))[:32]
    cosine = (lesson.targets * torch.from_numpy(training.targets[rows])).sum(1)
    assert float(cosine.min()) > 0.97
    mirrored = replace(plain, augmentation=replace(NOTHING, mirror=1))
    other = DeviceFeed(training, mirrored, Team(), CPU, (32, 32)).lesson(0, 0, View((32, 32)))
    assert torch.equal(other.x, lesson.x.flip(3))
    assert float((other.targets * lesson.targets).sum(1).mean()) < 0.9


def test_the_device_pipeline_learns_from_a_live_teacher_and_goes_on_exactly(drawn: Path, tmp_path: Path) -> None:
    strong = Augmentation(rotation=4, small=0.1, blur=0.1, jpeg=0.2, noise=4, gamma=0.2, occlusion=0.1, mixup=0.1)
    path = str(drawn_teacher(drawn, tmp_path / "teacher.onnx"))
    chosen = config(drawn, epochs=6, checks=1, augmentation=strong, teacher=path, pipeline="device")
    summary = start(chosen, tmp_path / "whole")
    assert summary["tar@0.01"] > 0.6 and summary["done"]
    first = start(chosen, tmp_path / "cut", session=Session(stop_after=0.4))
    assert not first["done"] and 0 < first["steps"] < summary["steps"]
    assert start(chosen, tmp_path / "cut", session=Session(resume=True))["steps"] == summary["steps"]
    best = [(tmp_path / name / "best.pt").read_bytes() for name in ("whole", "cut")]
    assert best[0] == best[1]


def test_smaller_targets_of_a_live_teacher_are_those_stored(drawn: Path, tmp_path: Path) -> None:
    path = drawn_teacher(drawn, tmp_path / "teacher.onnx")
    training, _ = open_photos(drawn, 27)
    plain = config(drawn, augmentation=NOTHING, teacher=str(path), pipeline="device")
    lesson = DeviceFeed(training, plain, Team(), CPU, (32, 32)).lesson(0, 0, View((32, 32)))
    rows = np.random.default_rng((1, 0)).permutation(len(training))[:32]
    assert float((lesson.targets * torch.from_numpy(training.targets[rows])).sum(1).min()) > 0.97


def test_what_only_the_device_does_is_refused_on_the_host(drawn: Path, tmp_path: Path) -> None:
    training, _ = open_photos(drawn)
    with pytest.raises(UserError, match="augmentation blur: is not made by the host pipeline"):
        HostFeed(training, config(drawn, augmentation=Augmentation(blur=0.1)), Team(), CPU)
    with pytest.raises(UserError, match="mixtures"):
        config(drawn, augmentation=Augmentation(mixup=0.1))
    with pytest.raises(UserError, match="device tpu"):
        where("tpu")
    (tmp_path / "no.onnx").write_bytes(b"nothing")
    with pytest.raises(UserError, match="is not an ONNX network"):
        Run(config(drawn, teacher=str(tmp_path / "no.onnx"), pipeline="device", options=NET), tmp_path / "run")


def test_stored_views_are_a_data_set_with_the_teachers_embeddings_of_them(drawn: Path, tmp_path: Path) -> None:
    path = drawn_teacher(drawn, tmp_path / "teacher.onnx")
    options = StoredViews(2, path, replace(NOTHING, mirror=1, gain=0.1))
    manifest = store_views(drawn, tmp_path / "views", options, CPU)
    before, (after, held_out) = open_photos(drawn), open_photos(tmp_path / "views")
    assert (len(after), len(held_out)) == (3 * len(before[0]), len(before[1]))
    assert manifest.complete and store_views(drawn, tmp_path / "views", options, CPU) == manifest
    rows = np.array([0, len(after) - 1])
    faces = np.stack([cv2.resize(crop[2:34, 2:34], (112, 112)) for crop in after.crops(rows)])
    live = Teacher(path).embed(faces)
    live /= np.linalg.norm(live, axis=1, keepdims=True)
    assert (live * after.targets[rows]).sum(axis=1).min() > 0.98
    with pytest.raises(UserError, match="another data set"):
        store_views(drawn, tmp_path / "views", replace(options, copies=3), CPU)
