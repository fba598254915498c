"""The made-up people: the committed pictures, and the model that draws them, fitted here to drawn ovals."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microface.demo.cast import PEOPLE, made_up_people
from microface.demo.maker import canvas
from microface.demo.maker.audition import Candidate, Jury, Standards, from_jpeg, to_jpeg, told_apart
from microface.demo.maker.check import Seen, apart, teacher_claims
from microface.demo.maker.components import principal, spread
from microface.demo.maker.folder import ENROLLED, PHOTOS, PICTURES, STRANGERS, VISITS, people_in, write_people
from microface.demo.maker.heads import Heads, sharpness
from microface.demo.maker.model import FaceModel, fit
from microface.demo.maker.named import measured, normalised
from microface.demo.maker.person import DONORS, Casting
from microface.demo.maker.picture import PICTURE_HEIGHT, PICTURE_WIDTH, Variety, picture
from microface.demo.maker.pose import Pose, shading
from microface.demo.maker.seemly import DRAWN, SEED, seemly
from microface.demo.maker.silhouette import silhouette
from microface.errors import UserError
from microface.photos.crop import TEACHER_VIEW
from microface.photos.read import read_photo
from microface.photos.teacher import Teacher


def drawn_head(generator: np.random.Generator) -> np.ndarray:
    """A cartoon of a head before a plain wall, uint8 [192, 144, 4]."""
    head = np.full((canvas.HEIGHT, canvas.WIDTH, 3), generator.uniform(170, 230, 3), np.uint8)
    skin, hair = generator.uniform((150, 100, 80), (220, 160, 130)), generator.uniform(10, 60, 3)
    cv2.rectangle(head, (10, 158), (134, 192), generator.uniform(20, 90, 3).tolist(), -1)
    cv2.rectangle(head, (52, 140), (92, 192), skin.tolist(), -1)
    cv2.ellipse(head, (72, 88), (52, 72), 0, 0, 360, hair.tolist(), -1)
    cv2.ellipse(head, (72, 100), (int(generator.integers(37, 43)), 56), 0, 0, 360, skin.tolist(), -1)
    for x, y in canvas.LANDMARKS + generator.normal(0, 1.5, (5, 2)):
        cv2.circle(head, (int(x), int(y)), 5, (60, 30, 30), -1)
    noisy = head + generator.normal(0, 2, head.shape)
    return np.dstack([np.clip(noisy, 0, 255).astype(np.uint8), np.full(head.shape[:2], 255, np.uint8)])


@pytest.fixture(scope="module")
def heads() -> Heads:
    generator = np.random.default_rng(0)
    pictures = np.stack([drawn_head(generator) for _ in range(200)])
    people = tuple(f"cartoon:{index // 4}" for index in range(200))
    return Heads(pictures, people, np.array([sharpness(head) for head in pictures]), np.ones(200))


@pytest.fixture(scope="module")
def model(heads: Heads) -> FaceModel:
    return fit(heads, 200)


def test_committed_people_are_complete_and_small() -> None:
    people = people_in()
    assert sorted(len(files) for files in people.values()) == sorted(PICTURES)
    assert sum(path.stat().st_size for files in people.values() for path in files) < 2_000_000
    assert {read_photo(path).shape for files in people.values() for path in files} == {(320, 240, 3)}
    cast = made_up_people()
    assert len(cast.enrolled) == ENROLLED
    assert all(len(photos) == PHOTOS for photos in cast.enrolled.values())
    assert sum(visit.person is None for visit in cast.visits) == STRANGERS * VISITS
    assert sum(visit.person is not None for visit in cast.visits) == ENROLLED * VISITS
    assert (PEOPLE / "README.md").is_file()


def test_detector_finds_one_face_in_each_committed_picture() -> None:
    assert Seen.look(people_in()).one_face_each().holds


def test_teacher_tells_committed_people_apart(shared: Path) -> None:
    teacher = Teacher(shared / "data" / "teacher_mbf_512.onnx")
    vectors = Seen.look(people_in()).vectors(TEACHER_VIEW, teacher.embed)
    claims = [*teacher_claims(vectors, None), apart(vectors, "teacher")]
    assert [claim.says for claim in claims if not claim.holds] == []


def test_model_draws_the_same_picture_from_the_same_seed(model: FaceModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model.npz")
    again = FaceModel.load(tmp_path / "model.npz")
    pictures = [
        picture(m, Casting(m, 1.0).draw(np.random.default_rng(3)), Variety(), np.random.default_rng(4))
        for m in (model, again)
    ]
    assert pictures[0].shape == (PICTURE_HEIGHT, PICTURE_WIDTH, 3)
    assert np.array_equal(*pictures)
    other = picture(model, Casting(model, 1.0).draw(np.random.default_rng(5)), Variety(), np.random.default_rng(4))
    assert not np.array_equal(pictures[0], other)


def test_nobody_is_made_of_one_head(model: FaceModel) -> None:
    casting = Casting(model, 1.0)
    for number in range(3):
        person = casting.draw(np.random.default_rng(number))
        donors = casting._donors(person.point, np.random.default_rng(number))
        names = model.donor_people[np.array(donors) % len(model.donors)]
        assert len(set(names)) == len(donors) == DONORS


def test_silhouette_of_a_drawn_head_and_of_a_busy_wall() -> None:
    head = drawn_head(np.random.default_rng(1))
    found = silhouette(head)
    assert found is not None
    assert found[100, 72] > 0.99
    assert found[30, 5] < 0.01
    head[..., :3] = np.random.default_rng(2).integers(0, 255, head[..., :3].shape)
    assert silhouette(head) is None


def test_heads_are_saved_and_loaded(heads: Heads, tmp_path: Path) -> None:
    heads.save(tmp_path)
    loaded = Heads.load(tmp_path)
    assert loaded.people == heads.people
    assert np.array_equal(loaded.pictures, heads.pictures)
    assert np.array_equal(loaded.sharpness, heads.sharpness)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_components_rebuild_what_lies_in_their_span(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = (generator.standard_normal((40, 5)) @ generator.standard_normal((5, 60)) + 3).astype(np.float32)
    components = principal(rows, 5)
    assert np.allclose(components.rebuild(components.coefficients(rows)), rows, atol=1e-2)
    assert np.allclose(components.directions @ components.directions.T, np.eye(5), atol=1e-4)


def test_spread_finds_both_covariances() -> None:
    generator = np.random.default_rng(0)
    people = generator.standard_normal((2000, 2)) * (3, 0.1)
    rows = np.repeat(people, 5, axis=0) + generator.standard_normal((10000, 2)) * (0.2, 1)
    found = spread(rows, tuple(str(i // 5) for i in range(10000)), 2, 2)
    assert np.allclose(found.between @ found.between.T, np.diag([9, 0.01]), atol=0.6)
    assert np.allclose(found.within @ found.within.T, np.diag([0.04, 1]), atol=0.05)


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.3, 0.3), st.floats(-0.2, 0.2), st.floats(-0.1, 0.1))
def test_a_turn_and_its_opposite_are_mirror_images(yaw: float, pitch: float, roll: float) -> None:
    centred = 0.5  # pixels from the middle of the frame to that of the head
    x, y = Pose(yaw, pitch, roll, 1.0, centred).sources(60, 80)
    mirrored_x, mirrored_y = Pose(-yaw, pitch, -roll, 1.0, centred).sources(60, 80)
    inside = slice(None), slice(10, 50)
    assert np.allclose(x[inside], (canvas.WIDTH - mirrored_x[:, ::-1])[inside], atol=0.05)
    assert np.allclose(y[inside], mirrored_y[:, ::-1][inside], atol=0.05)


def test_inverse_flow_undoes_a_flow() -> None:
    flow = np.stack([3 * np.sin(canvas.Y / 30), 2 * np.cos(canvas.X / 25)], axis=-1).astype(np.float32)
    back = canvas.inverse(flow)
    rest = back + canvas.warp(flow, back)
    assert np.abs(rest[10:-10, 10:-10]).max() < 0.05


def test_light_brightens_the_side_it_comes_from() -> None:
    gain = shading(0.0, 0.35)
    assert gain[100, 115] > 1.1
    assert gain[100, 29] < 0.95
    assert np.allclose(shading(1.0, 0.0), 1)


def test_limit_of_named_photos_counts_other_people_only() -> None:
    embeddings = np.array([[1, 0], [1, 0.01], [0, 1], [0.01, 1]], np.float32)
    named = measured(embeddings, np.array(["a", "a", "b", "b"]))
    assert 0.009 < named.limit < 0.021
    assert named.nearest(normalised(np.array([[2.0, 0.0]])))[0] == pytest.approx(1)


def candidate(number: int, angle: float) -> Candidate:
    jpeg = to_jpeg(np.full((8, 8, 3), number, np.uint8))
    vectors = np.array([[np.cos(angle), np.sin(angle)]] * 9, np.float32)
    return Candidate(number, (jpeg,) * 9, vectors)


def test_jury_refuses_likenesses_of_real_people_and_those_whose_pictures_differ() -> None:
    jury = Jury.__new__(Jury)  # without its detector and teacher, which are not asked here
    jury.named = measured(np.array([[0, 1], [0.2, -1], [-1, 0.3]], np.float32), np.array(["a", "b", "c"]))
    jury.standards = Standards()
    assert "real person" in (jury.reason_against(candidate(1, np.pi / 2)) or "")
    assert jury.reason_against(candidate(1, 0.0)) is None
    loose = Candidate(1, (), np.eye(9, dtype=np.float32))
    assert "not alike" in (jury.reason_against(loose) or "")


def test_choice_goes_back_where_the_first_ones_lead_nowhere() -> None:
    people = [candidate(number, angle) for number, angle in enumerate((0.8, 0.0, 0.1, np.pi / 2, np.pi))]
    assert [person.number for person in told_apart(people, (9, 4, 9), 0.15)] == [1, 3, 4]
    assert told_apart(people, (9, 9, 4, 4), 0.15) == []


def test_looked_at_people_are_named_once() -> None:
    numbers = seemly(SEED)
    assert len(numbers) == len(set(numbers)) > 20
    assert set(numbers) < set(range(DRAWN))
    assert seemly(SEED + 1) == list(range(DRAWN))


def test_people_are_written_and_found_again(tmp_path: Path) -> None:
    sizes = [
        Candidate(i, candidate(i, 0).jpegs[:count], np.eye(2, dtype=np.float32)) for i, count in enumerate(PICTURES)
    ]
    write_people(sizes, ("A", "B", "C", "D", "E"), tmp_path)
    found = people_in(tmp_path)
    assert list(found) == ["A", "B", "C", "D", "E", *(f"stranger {n}" for n in range(1, 6))]
    assert [len(files) for files in found.values()] == [9] * ENROLLED + [4] * STRANGERS
    assert int(from_jpeg(found["C"][0].read_bytes())[0, 0, 0]) == 2


def test_no_people_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no people"):
        people_in(tmp_path)
