"""The state machine: C on this computer and on an emulated M7 equals its meaning in Python, step by step."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from application_in_c import ApplicationInC, Machine
from hypothesis import given, settings
from hypothesis import strategies as st

from microface.chip.application.machine import Application
from microface.chip.application.settings import OFFSETS, Settings
from microface.chip.application.votes import NOBODY, UNKNOWN, UNSURE, agreed, settled
from microface.chip.devices.device import Match
from microface.errors import UserError
from microface.network.inputs.resize import Rectangle
from microface.network.scores import Score
from microface.people.gallery import Gallery, Person
from microface.people.image import to_image

SIZE, PLACE, THRESHOLD = (6, 6), Rectangle(8, 8, 8, 8), 40
PEOPLE = np.array([[60, 0, 0, 0], [0, 60, 0, 0], [0, 0, 60, 0]], np.int8)
NAMES = ("Ada", "Björk", "Çelik")
GALLERY = Gallery("tiny", "ab" * 32, 4, THRESHOLD, None, tuple(map(Person, NAMES, PEOPLE[:, None])))
IN_C = (to_image(GALLERY), 4, "l1", 0)
BUSY = np.random.default_rng(0).integers(0, 256, (24, 24, 3)).astype(np.uint8)
WALL = np.full((24, 24, 3), (180, 90, 20), np.uint8)
SMALL = Settings(offsets=((0, 0), (-3, 2), (4, -4)), frame_size=(24, 24))


@dataclass
class Script:
    """Gives each crop of a frame the next embedding."""

    embeddings: np.ndarray
    place: int = 0

    def __call__(self, crop: np.ndarray) -> Match:
        distances = Score("l1").to_people(self.embeddings[self.place][None], PEOPLE, np.ones(3, np.int64))[0]
        self.place += 1
        nearest = int(np.argmin(distances))
        return Match(UNSURE, nearest, int(distances[nearest]))


def application(chosen: Settings, threshold: int = THRESHOLD) -> Application:
    rectangles = [PLACE.moved(*offset) for offset in chosen.offsets]
    return Application(chosen, rectangles, SIZE, Script(np.zeros((0, 4), np.int8)), NAMES, threshold)


def step(model: Application, picture: np.ndarray, embeddings: np.ndarray) -> None:
    model.recognise = Script(embeddings)
    model.frame(picture)


def embeddings_of(*who: int) -> np.ndarray:
    """One embedding per crop: near that person, or far from everybody for UNKNOWN."""
    far = np.array([-60, -60, -60, -60], np.int8)
    return np.stack([far if one == UNKNOWN else PEOPLE[one] + np.int8(2) for one in who])


def counts() -> st.SearchStrategy[tuple[int, int]]:
    return st.integers(1, 8).flatmap(lambda count: st.tuples(st.just(count), st.integers(count // 2 + 1, count)))


@st.composite
def choices(draw: st.DrawFn) -> Settings:
    (crops, crops_agree), (frames, frames_agree) = draw(counts()), draw(counts())
    offsets = draw(st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8)), min_size=crops, max_size=crops))
    contrast = draw(st.sampled_from([0, 16]))
    return Settings(tuple(offsets), crops_agree, frames, frames_agree, contrast, (24, 24))


@settings(max_examples=25)
@given(choices(), st.integers(0, 2**32 - 1), st.booleans())
def test_c_equals_python_over_random_embeddings(machine: Machine, chosen: Settings, seed: int, often: bool) -> None:
    generator = np.random.default_rng(seed)
    model, in_c = application(chosen), ApplicationInC(machine)
    assert in_c.start(chosen, PLACE, SIZE, THRESHOLD, IN_C) == 0
    centre = PEOPLE[generator.integers(0, 3)]
    for _ in range(20):
        if generator.random() < 0.1:
            centre = PEOPLE[generator.integers(0, 3)]
        picture = WALL if generator.random() < 0.2 else BUSY
        noise = generator.integers(-12 if often else -40, 13 if often else 41, (len(chosen.offsets), 4))
        embeddings = (centre + noise).clip(-128, 127).astype(np.int8)
        step(model, picture, embeddings)
        assert in_c.frame(picture, embeddings) == 0
        assert in_c.state == model.state
        if generator.random() < 0.1:
            threshold = int(generator.integers(0, 120))
            model.set_threshold(threshold)
            in_c.set_threshold(threshold)
        if generator.random() < 0.05:
            model.forget()
            in_c.forget()
    assert list(in_c.lines) == model.lines


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8), st.data())
def test_crops_that_are_left_out_never_change_the_verdict(votes: list[int], data: st.DataObject) -> None:
    needed = data.draw(st.integers(len(votes) // 2 + 1, len(votes)))
    seen = next(i for i in range(len(votes) + 1) if settled(votes[:i], len(votes) - i, needed))
    assert agreed(votes[:seen], needed) == agreed(votes, needed)
    assert seen == 0 or not settled(votes[: seen - 1], len(votes) - seen + 1, needed)


SCENES: dict[str, tuple[list[tuple[int, ...]], list[str]]] = {
    "person": ([(0, 0, 0)] * 5, ["frame 3 person 0 distance 8 threshold 40 name Ada"]),
    "stranger": ([(UNKNOWN,) * 3] * 5, ["frame 3 unknown distance 300 threshold 40"]),
    "nobody": ([(NOBODY,)] * 5, ["frame 3 nobody"]),
    "two people, one after the other": (
        [(0, 0, 0)] * 5 + [(1, 1, 1)] * 5,
        [
            "frame 3 person 0 distance 8 threshold 40 name Ada",
            "frame 8 person 1 distance 8 threshold 40 name Björk",
        ],
    ),
    "two people, in turns": ([(0, 0, 0), (1, 1, 1), (2, 2, 2)] * 4, []),
    "the face leaves": (
        [(2, 2, 2)] * 4 + [(NOBODY,)] * 4,
        ["frame 3 person 2 distance 8 threshold 40 name Çelik", "frame 7 nobody"],
    ),
    "crops that disagree": ([(0, 1, 2), (1, 2, UNKNOWN), (0, UNKNOWN, 1)] * 3, []),
    "two of three crops are enough": (
        [(0, 1, 0)] * 3 + [(1, 0, 0)] * 2,
        ["frame 3 person 0 distance 8 threshold 40 name Ada"],
    ),
    "a short doubt is no second report": (
        [(0, 0, 0)] * 3 + [(0, 1, 2)] * 3 + [(0, 0, 0)] * 3,
        ["frame 3 person 0 distance 8 threshold 40 name Ada"],
    ),
}


def frames_of(scene: list[tuple[int, ...]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for who in scene:
        empty = who == (NOBODY,)
        yield (WALL if empty else BUSY), embeddings_of(*((0, 0, 0) if empty else who))


@pytest.mark.parametrize("scene", SCENES)
def test_scenes_give_their_lines(machine: Machine, scene: str) -> None:
    model, in_c = application(SMALL), ApplicationInC(machine)
    in_c.start(SMALL, PLACE, SIZE, THRESHOLD, IN_C)
    for picture, embeddings in frames_of(SCENES[scene][0]):
        step(model, picture, embeddings)
        in_c.frame(picture, embeddings)
        assert in_c.state == model.state
    assert model.lines == list(in_c.lines) == SCENES[scene][1]


def test_a_name_stands_only_as_long_as_frames_agree() -> None:
    model = application(SMALL)
    for picture, embeddings in frames_of([(0, 0, 0)] * 3 + [(0, 1, 2)] * 3):
        step(model, picture, embeddings)
    assert (model.state.agreed, model.state.reported, model.state.votes) == (UNSURE, 0, 0)


def test_crops_that_cannot_change_the_verdict_are_not_looked_at() -> None:
    model = application(SMALL)
    for who, seen in [((0, 0, 1), 2), ((0, 1, 1), 3), ((0, 1, 2), 3), ((NOBODY,), 0)]:
        for picture, embeddings in frames_of([who]):
            step(model, picture, embeddings)
        assert model.state.crops_seen == seen


def test_the_threshold_may_change_while_it_runs(machine: Machine) -> None:
    in_c = ApplicationInC(machine)
    in_c.start(SMALL, PLACE, SIZE, THRESHOLD, IN_C)
    for threshold in (THRESHOLD, 7, 8):
        in_c.set_threshold(threshold)
        assert in_c.state.agreed == UNSURE
        for _ in range(3):
            in_c.frame(BUSY, embeddings_of(0, 0, 0))
    assert list(in_c.lines) == [
        "frame 3 person 0 distance 8 threshold 40 name Ada",
        "frame 6 unknown distance 8 threshold 7",
        "frame 9 person 0 distance 8 threshold 8 name Ada",
    ]


def test_a_detector_in_front_spares_the_network(machine: Machine) -> None:
    in_c, empty = ApplicationInC(machine), BUSY.copy()
    empty[0, 0] = 0
    in_c.start(SMALL, PLACE, SIZE, THRESHOLD, IN_C, detects=True)
    for picture in [empty] * 3 + [BUSY] * 5:
        in_c.frame(picture, embeddings_of(1, 1, 1))
        assert in_c.state.crops_seen == (0 if picture is empty else 2)
    assert list(in_c.lines) == ["frame 3 nobody", "frame 6 person 1 distance 8 threshold 40 name Björk"]


def test_rows_of_the_needed_part_give_the_same(machine: Machine) -> None:
    part = Rectangle(5, 4, 16, 14)
    by_rows, whole = ApplicationInC(machine, "rgb565_swapped"), application(SMALL)
    by_rows.start(SMALL, PLACE, SIZE, THRESHOLD, IN_C)
    for picture, embeddings in frames_of([(1, 1, 1), (NOBODY,), (1, 2, 1), (1, 1, 0)]):
        step(whole, picture, embeddings)
        assert by_rows.frame_by_rows(picture, embeddings, part) == 0
        assert by_rows.state == whole.state
    assert by_rows.frame_by_rows(BUSY, embeddings_of(1, 1, 1), Rectangle(5, 5, 16, 14)) == 2
    assert by_rows.state == whole.state  # a frame that is refused changes nothing


def test_an_empty_gallery_knows_nobody(machine: Machine) -> None:
    nobody = Gallery("tiny", "ab" * 32, 4)
    in_c = ApplicationInC(machine)
    in_c.start(SMALL, PLACE, SIZE, 1000, (to_image(nobody), 4, "l1", 0))
    for _ in range(3):
        in_c.frame(BUSY, embeddings_of(0, 0, 0))
    assert list(in_c.lines) == ["frame 3 unknown threshold 1000"]


@pytest.mark.parametrize(
    ("offsets", "needed", "frames", "of"), [(4, 2, 5, 3), (3, 4, 5, 3), (3, 2, 4, 2), (3, 2, 17, 9)]
)
def test_agreements_that_are_none_are_refused(offsets: int, needed: int, frames: int, of: int) -> None:
    with pytest.raises(UserError, match="no agreement"):
        Settings(offsets=((0, 0),) * offsets, crops_agree=needed, frames=frames, frames_agree=of)


@pytest.mark.parametrize("wrong", ["crops_agree", "frames_agree", "frames"])
def test_the_chip_refuses_them_too(machine: Machine, wrong: str) -> None:
    chosen = Settings(OFFSETS)
    object.__setattr__(chosen, wrong, 17 if wrong == "frames" else 1)
    assert ApplicationInC(machine).start(chosen, PLACE, SIZE, THRESHOLD, IN_C) == 1


def test_lines_can_be_read_by_a_program() -> None:
    who = r"(nobody|unknown( distance -?\d+)? threshold -?\d+|person \d+ distance -?\d+ threshold -?\d+ name .+)"
    assert all(re.fullmatch(rf"frame \d+ {who}", line) for _, lines in SCENES.values() for line in lines)
