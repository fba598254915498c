"""What a network is trained on is what it is given on the chip: the same crops, to the bit."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from faces import NET, write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from settings import config

from microface.errors import UserError
from microface.learn.package import load_trained, read_by
from microface.learn.slim.slim import Slim, slim
from microface.learn.store_views import StoredViews, store_views
from microface.learn.train.augment import augmented, centred
from microface.learn.train.config import Augmentation, save_config
from microface.learn.train.start import start
from microface.learn.train.views import Views
from microface.photos.crop import crop_face
from microface.photos.dataset import Dataset, Manifest
from microface.photos.face import Box, Face, as_landmarks
from microface.photos.preprocess import Preprocess

NOTHING = Augmentation(rotation=0, scale=0, shift=0, gain=0, offset=0, grey=0, soften=0, mirror=0)
SIDES, MARGINS = st.integers(24, 80), st.integers(0, 20)
ALIGNED = st.builds(Preprocess.aligned, SIDES, MARGINS, st.sampled_from(["none", "spread"]))
LOOSE = st.builds(
    lambda width, height, margin, light: Preprocess.loose(width, height, light).widened(margin),
    *(SIDES, st.one_of(st.just(0), SIDES), MARGINS, st.sampled_from(["none", "spread"])),
)
STORED = st.builds(
    replace, st.one_of(ALIGNED, LOOSE), border=st.sampled_from(["black", "replicate"])
)  # what data sets hold


def photo_and_face(seed: int) -> tuple[np.ndarray, Face]:
    """Return noise, which shows every error of a place, and a face somewhere in it, perhaps beyond its edge."""
    random = np.random.default_rng(seed)
    photo = random.integers(0, 256, (int(random.integers(60, 260)), 170, 3), np.uint8)
    centre, eyes = random.uniform(20, 140, 2), random.uniform(8, 60)
    points = centre + eyes * (np.array([[-0.5, 0], [0.5, 0], [0, 0.6], [-0.4, 1.2], [0.4, 1.2]]))
    points += random.normal(0, eyes / 10, points.shape)
    box = Box(*(centre + eyes * np.array([-1.1, -1])), *(centre + eyes * np.array([1.1, 1.8])))
    return photo, Face(box, as_landmarks(points), 0.9)


@given(stored=STORED, seed=st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_a_view_without_changes_is_the_crop_of_the_package(stored: Preprocess, seed: int) -> None:
    stored = Preprocess.from_json(json.loads(json.dumps(stored.to_json())))
    photo, face = photo_and_face(seed)
    crops, content = crop_face(photo, face, stored)[None], stored.content
    shipped = crop_face(photo, face, read_by(stored, content))
    random = np.random.default_rng(0)
    assert np.array_equal(centred(crops, content, content)[0], shipped)
    assert np.array_equal(augmented(crops, content, content, NOTHING, random)[0], shipped)
    views = Views(stored.size, content, content, torch.device("cpu"))
    seen, _ = views.of(torch.from_numpy(crops), NOTHING, random)
    assert np.array_equal(seen[0].permute(1, 2, 0).byte().numpy(), shipped)


@given(stored=STORED, seed=st.integers(0, 2**16), times=st.sampled_from([2, 3]))
@settings(max_examples=15, deadline=None)
def test_a_smaller_network_sees_the_same_place_once_resized(stored: Preprocess, seed: int, times: int) -> None:
    photo, face = photo_and_face(seed)
    content = stored.content
    size = content[0] // times, content[1] // times
    inner = crop_face(photo, face, stored.inner)
    resized = cv2.resize(inner, size[::-1], interpolation=cv2.INTER_AREA)
    assert np.array_equal(centred(crop_face(photo, face, stored)[None], size, content)[0], resized)
    assert abs(read_by(stored, size).eye_distance * content[1] / size[1] - stored.eye_distance) < 1e-6


def squeezed(folder: Path, crop: Preprocess) -> Path:
    """Write the drawn data set as if it held other crops."""
    write_dataset(folder, people=8, photos=4)
    replace(Manifest.load(folder), preprocess=crop).save(folder)
    return folder


OLD = Preprocess.from_json({"geometry": "loose", "width": 36, "height": 36, "eye_distance": 8.0})
"""A data set of an older release: four thirds as high as wide, whatever was asked for."""


def test_a_network_of_another_shape_than_the_crops_is_neither_trained_nor_quantised(tmp_path: Path) -> None:
    data = squeezed(tmp_path / "data", OLD)
    assert OLD.content == (32, 24) and Dataset.open(data).content == (32, 24)
    chosen = config(data, options=NET)
    said = "content is 24 x 32 pixels, the network reads 32 x 32; make crops of its shape"
    with pytest.raises(UserError, match=said):
        start(chosen, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    (tmp_path / "old").mkdir()
    save_config(chosen, tmp_path / "old" / "config.json")
    with pytest.raises(UserError, match=said):
        load_trained(tmp_path / "old", "old")


def test_a_square_of_loose_crops_is_nothing_for_a_teacher(tmp_path: Path) -> None:
    data, teacher = squeezed(tmp_path / "data", Preprocess.loose(32, 32).widened(2)), tmp_path / "teacher.onnx"
    assert Dataset.open(data).content == (32, 32)
    with pytest.raises(UserError, match="holds crops that a live teacher cannot read"):
        start(config(data, options=NET, teacher=str(teacher), pipeline="device"), tmp_path / "run")
    with pytest.raises(UserError, match="holds crops that a teacher cannot read"):
        slim(data, tmp_path / "slim.pt", Slim(teacher))
    with pytest.raises(UserError, match="holds crops that a teacher cannot read"):
        store_views(data, tmp_path / "views", StoredViews(1, teacher, NOTHING), None)  # type: ignore[arg-type]
