from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import drawn_face
from hypothesis import given, settings
from hypothesis import strategies as st

from microface.photos.detect import stored
from microface.photos.detect.boxes import shifted, squared, suppress
from microface.photos.detect.finder import LOOSE_CROPS, Finder
from microface.photos.detect.mtcnn import patches, pyramid
from microface.photos.detect.nets import build
from microface.photos.detect.weights import load_weights
from microface.photos.face import Face, most_central
from microface.photos.sessions import quickened, session


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder()


def convolved(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A convolution [H, W, I] by Keras' weights [KH, KW, I, O], written out."""
    kh, kw = weights.shape[:2]
    h, w = x.shape[0] - kh + 1, x.shape[1] - kw + 1
    return bias + sum(x[i : i + h, j : j + w] @ weights[i, j].astype(np.float64) for i in range(kh) for j in range(kw))


def activated(x: np.ndarray, slope: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, x * slope.reshape(-1))


def pooled(x: np.ndarray, size: int) -> np.ndarray:
    """A maximum pool of stride 2 with padding after the last row and column only."""
    rows, columns = (-(-side // 2) for side in x.shape[:2])
    parts = (
        x[2 * i : 2 * i + size, 2 * j : 2 * j + size].max(axis=(0, 1)) for i in range(rows) for j in range(columns)
    )
    return np.array(list(parts)).reshape(rows, columns, -1)


def softmax(x: np.ndarray) -> np.ndarray:
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def written_out_pnet(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    w = load_weights("pnet")
    x = (photo - 127.5) / 128
    x = pooled(activated(convolved(x, *w[0:2]), w[2]), 2)
    x = activated(convolved(x, *w[3:5]), w[5])
    x = activated(convolved(x, *w[6:8]), w[8])
    return convolved(x, *w[9:11]), softmax(convolved(x, *w[11:13]))


def written_out_rnet(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    w = load_weights("rnet")
    x = (photo - 127.5) / 128
    x = pooled(activated(convolved(x, *w[0:2]), w[2]), 3)
    x = pooled(activated(convolved(x, *w[3:5]), w[5]), 3)[:4, :4]
    x = activated(convolved(x, *w[6:8]), w[8])
    x = activated(x.transpose(1, 0, 2).reshape(-1) @ w[9] + w[10], w[11])
    return x @ w[12] + w[13], softmax(x @ w[14] + w[15])


@pytest.mark.parametrize("quick", [False, True])
def test_the_graphs_are_the_published_networks(quick: bool) -> None:
    photo = drawn_face(48, 40, 9)
    cases = {"pnet": (photo, written_out_pnet), "rnet": (photo[8:32, 12:36], written_out_rnet)}
    for net, (picture, written_out) in cases.items():
        model = quickened(build(net)) if quick else build(net)
        boxes, scores = session(model).run(["boxes", "scores"], {"photo": picture[None]})
        right = written_out(picture)
        assert np.allclose(boxes[0], right[0], atol=2e-5)
        assert np.allclose(scores[0], right[1], atol=2e-5)


@pytest.mark.parametrize("eyes", [20.0, 30.0, 44.0, 54.0])
def test_a_drawn_face_is_found_at_its_place(finder: Finder, eyes: float) -> None:
    faces = finder.find(drawn_face(eyes=eyes))
    assert len(faces) == 1
    unit = eyes / 44
    right = 119.5 + unit * np.array([[-22, -8], [22, -8], [0, 14], [-17, 33], [17, 33]])
    assert np.abs(faces[0].points - right).max() < 0.2 * eyes


def test_a_smaller_photo_gives_the_same_face(finder: Finder) -> None:
    photo = drawn_face(1000, 800, 140)
    face = finder.central(photo)
    assert face is not None
    assert face.eye_distance == pytest.approx(140, rel=0.1)
    assert np.abs(face.box.centre - np.array([500, 400])).max() < 40


def test_two_faces_and_the_more_central(finder: Finder) -> None:
    photo = np.hstack([drawn_face(seed=1), drawn_face(seed=2), drawn_face(220, 240, 40, seed=3)[:, :150]])
    faces = finder.find(photo)
    assert len(faces) == 3
    face = most_central(faces, photo.shape[1], photo.shape[0])
    assert face is not None and 240 < face.box.centre[0] < 480


def test_a_face_that_fills_the_photo_is_found_by_the_second_search(finder: Finder) -> None:
    whole = drawn_face(400, 400, 80)
    face = Finder(LOOSE_CROPS).central(whole[100:310, 105:295])
    assert face is not None
    assert face.eye_distance == pytest.approx(80, rel=0.15)


@pytest.mark.parametrize("value", [0, 90, 255])
def test_nothing_in_a_plain_picture(finder: Finder, value: int) -> None:
    assert finder.find(np.full((200, 150, 3), value, np.uint8)) == ()


def test_nothing_in_noise_or_a_tiny_picture(finder: Finder) -> None:
    random = np.random.default_rng(0)
    assert finder.find(random.integers(0, 256, (120, 160, 3), np.uint8)) == ()
    assert finder.find(random.integers(0, 256, (10, 10, 3), np.uint8)) == ()
    assert finder.find(random.integers(0, 256, (1, 900, 3), np.uint8)) == ()


def test_a_damaged_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "cache_folder", lambda: tmp_path)
    photo = drawn_face()
    right = Finder().find(photo)
    files = sorted(tmp_path.rglob("*.onnx"))
    assert len(files) == 3
    for path in files:
        path.write_bytes(path.read_bytes()[:200])
    assert Finder().find(photo) == right
    assert all(path.stat().st_size > 10_000 for path in files)


def test_json_and_back(finder: Finder) -> None:
    face = finder.find(drawn_face())[0]
    again = Face.from_json(face.to_json())
    assert np.abs(again.points - face.points).max() <= 0.006


boxes_of = st.lists(st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 40)] * 2), min_size=1, max_size=20)


@given(boxes_of, st.floats(0.1, 0.9), st.booleans())
@settings(max_examples=60)
def test_suppression_keeps_the_best_and_nothing_that_overlaps(
    rows: list[tuple[int, ...]], most: float, small: bool
) -> None:
    corners = np.array(rows, np.float64)
    boxes = np.hstack([corners[:, :2], corners[:, :2] + corners[:, 2:]])
    scores = np.linspace(1, 0, len(boxes))
    kept = suppress(boxes, scores, most, small)
    assert kept[0] == 0
    for index in range(1, len(boxes)):
        overlaps = [overlap(boxes[index], boxes[other], small) for other in kept if other < index]
        assert (index in kept) == all(value <= most + 1e-12 for value in overlaps)


def overlap(a: np.ndarray, b: np.ndarray, by_smaller: bool) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    areas = [float(np.prod(box[2:] - box[:2])) for box in (a, b)]
    return shared / (min(areas) if by_smaller else sum(areas) - shared)


def test_boxes_are_moved_and_squared() -> None:
    box = np.array([[10.0, 20.0, 30.0, 60.0]])
    assert shifted(box, np.array([[0.1, -0.1, 0.0, 0.5]])).tolist() == [[12, 16, 30, 80]]
    assert squared(box).tolist() == [[0, 20, 40, 60]]


def test_patches_beyond_the_photo_are_black() -> None:
    photo = np.full((20, 20, 3), 255, np.uint8)
    patch = patches(photo, np.array([[-10.0, 0, 10, 20], [50.0, 50, 70, 70]]), 20)
    assert (patch[0, :, :10] == 0).all() and (patch[0, :, 10:] == 255).all()
    assert (patch[1] == 0).all()


def test_the_pyramid_begins_at_the_smallest_face() -> None:
    scales = pyramid((100, 200, 3), 24)
    assert scales[0] == 0.5
    assert 100 * scales[-1] >= 12 > 100 * scales[-1] * 0.709


def test_faces_in_lfw_like_photos(shared: Path, finder: Finder) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(shared / "data/photos/celeba_wild.parquet", columns=["photo"])
    photos = [cv2.imdecode(np.frombuffer(table["photo"][i].as_py(), np.uint8), 1)[..., ::-1] for i in range(0, 600, 10)]
    assert sum(finder.central(np.ascontiguousarray(photo)) is None for photo in photos) <= 1
