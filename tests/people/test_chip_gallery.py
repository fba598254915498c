"""The gallery in flash, by the C that runs on the chip: images, changes, refusals, decisions."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from chip_gallery import Chip, Geometry, contents, library
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from microface.network.scores import SCORES, Score
from microface.people.gallery import NOBODY_ACCEPTED, Gallery, Person
from microface.people.image import from_image, people_that_fit, to_image

MODEL = "ab" * 32
SMALL = Geometry(4096, 4)
Galleries = Callable[..., Gallery]


def chip_with(gallery: Gallery, geometry: Geometry = SMALL, **options: object) -> Chip:
    chip = Chip(geometry, MODEL, gallery.dimensions, **options)  # type: ignore[arg-type]
    assert chip.start() == "ok" and chip.write(to_image(gallery)) == "ok"
    return chip


def test_an_empty_chip_knows_nobody() -> None:
    chip = Chip(SMALL, MODEL)
    assert chip.start() == "ok"
    assert chip.people() == [] and chip.threshold() == NOBODY_ACCEPTED
    assert chip.match(np.zeros(8, np.int8)) == (-1, -1, 2**31 - 1)


@pytest.mark.parametrize("geometry", [SMALL, Geometry(131072, 32), Geometry(8192, 16)], ids=str)
def test_an_image_is_what_the_chip_reads(galleries: Galleries, geometry: Geometry) -> None:
    gallery = galleries()
    chip = chip_with(gallery, geometry)
    assert chip.people() == contents(gallery) and chip.threshold() == gallery.threshold
    assert chip.slot_bytes().startswith(to_image(gallery, version=1))
    assert chip.start() == "ok" and chip.people() == contents(gallery)
    assert chip.flash.violations == 0


def test_changes_on_the_chip_equal_changes_of_the_gallery(galleries: Galleries) -> None:
    gallery = galleries()
    chip = chip_with(gallery)
    more = Person("Frida", np.arange(16, dtype=np.int8).reshape(2, 8))
    steps: list[tuple[str, Gallery]] = []
    gallery = gallery.add(more)
    steps.append((chip.add(more.name, more.templates), gallery))
    assert chip.slot_bytes().startswith(to_image(gallery, version=2))
    gallery = gallery.remove("Björk")
    assert chip.remove(1) == "ok" and chip.slot_bytes().startswith(to_image(gallery, version=3))
    gallery = gallery.rename("Ada", "Ada Lovelace")
    assert chip.rename(0, "Ada Lovelace") == "ok" and chip.slot_bytes().startswith(to_image(gallery, version=4))
    gallery = gallery.with_threshold(-5)
    assert chip.set_threshold(-5) == "ok" and chip.slot_bytes().startswith(to_image(gallery, version=5))
    assert steps[0][0] == "ok" and chip.flash.violations == 0
    assert from_image(chip.slot_bytes(), Path("flash")).names == ("Ada Lovelace", "Çelik", "Frida")


def test_the_first_person_may_be_added_on_the_chip() -> None:
    chip = Chip(SMALL, MODEL)
    chip.start()
    template = np.full((1, 8), 7, np.int8)
    assert chip.add("Ada", template) == "ok"
    assert chip.match(template[0]) == (-1, 0, 0)  # near, but no threshold is set
    assert chip.set_threshold(0) == "ok" and chip.match(template[0]) == (0, 0, 0)


def test_a_removed_person_leaves_no_byte(galleries: Galleries) -> None:
    gallery = galleries()
    chip = chip_with(gallery)
    assert chip.remove(2) == "ok"
    whole = chip.memory.tobytes()
    assert gallery.people[2].templates[0].tobytes() not in whole and "Çelik".encode() not in whole


def test_changes_that_cannot_be_are_refused(galleries: Galleries) -> None:
    chip = chip_with(galleries())
    before = chip.memory.copy()
    template = np.zeros((1, 8), np.int8)
    assert chip.remove(3) == chip.rename(3, "Zoe") == "nobody"
    assert chip.add("Ada", template) == chip.add("", template) == chip.add("x" * 60, template) == "name"
    assert chip.add("Zoe", template[:0]) == chip.rename(1, "Ada") == "name"
    assert chip.add("Zoe", np.zeros((500, 8), np.int8)) == "full"
    assert np.array_equal(before, chip.memory)


def test_every_flipped_byte_and_every_cut_of_an_image_is_refused(galleries: Galleries) -> None:
    chip = chip_with(galleries(seed=1))
    before = chip.memory.copy()
    image = to_image(galleries(seed=2))
    for place in range(len(image)):
        broken = bytearray(image)
        broken[place] ^= 0x10
        assert chip.write(bytes(broken)) in ("foreign", "damaged"), place
        assert chip.write(image[:place]) in ("foreign", "damaged"), place
    assert np.array_equal(before, chip.memory) and chip.people() == contents(galleries(seed=1))


def resealed(image: bytes, place: int, value: bytes) -> bytes:
    changed = bytearray(image)
    changed[place : place + len(value)] = value
    changed[60:64] = struct.pack("<I", zlib.crc32(changed[64:], zlib.crc32(changed[:60])))
    return bytes(changed)


@pytest.mark.parametrize(
    ("place", "value", "status"),
    [
        (24, b"\0", "other model"),
        (8, b"\2", "foreign"),
        (68, b"\4", "damaged"),  # more people than records
        (68, b"\xff\xff\xff\xff", "damaged"),
        (72, b"\7", "damaged"),  # more templates than there are
        (76, b"\4", "damaged"),  # another size of template
        (80, b"\0", "damaged"),  # a person without name
        (139, b"x", "damaged"),  # a name without end
        (140, b"\0", "damaged"),  # a person without photos
        (140, b"\xff\xff\xff\xff", "damaged"),
    ],
)
def test_galleries_that_lie_are_refused(galleries: Galleries, place: int, value: bytes, status: str) -> None:
    chip = chip_with(galleries())
    assert chip.write(resealed(to_image(galleries(seed=1)), place, value)) == status
    assert chip.people() == contents(galleries())


def test_a_slot_holds_as_many_people_as_said() -> None:
    fit = people_that_fit(4096, 2, 8)
    people = tuple(Person(f"p{i}", np.zeros((2, 8), np.int8)) for i in range(fit + 1))
    chip = Chip(SMALL, MODEL)
    chip.start()
    full = Gallery("m", MODEL, 8, 0, None, people[:fit])
    assert chip.write(to_image(full.add(people[fit]))) == "full"
    assert chip.write(to_image(full)) == "ok" and len(chip.people()) == fit


def test_a_gallery_of_another_model_is_unknown_but_kept_until_one_is_written(galleries: Galleries) -> None:
    chip = chip_with(galleries())
    foreign = Chip(SMALL, "cd" * 32)
    foreign.memory[:], foreign._programmed[:] = chip.snapshot()
    assert foreign.start() == "ok" and foreign.people() == []
    assert np.array_equal(foreign.memory, chip.memory)
    assert foreign.add("Ada", np.zeros((1, 8), np.int8)) == "ok"
    assert b"Eve" not in foreign.memory.tobytes() and foreign.flash.violations == 0


numbers = st.integers(0, 2**64 - 1)


@given(numbers, st.binary(max_size=300))
def test_root_and_checksum(value: int, data: bytes) -> None:
    import ctypes
    from math import isqrt

    assert library().mf_isqrt(ctypes.c_uint64(value)) == isqrt(value)
    assert library().mf_crc32(ctypes.c_uint32(2**32 - 1), data, len(data)) ^ (2**32 - 1) == zlib.crc32(data)


@st.composite
def decisions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[int], int]:
    photos = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    size = draw(st.sampled_from([1, 4, 33]))
    values = st.integers(-128, 127) if draw(st.booleans()) else st.sampled_from([-128, 127, 0])
    templates = draw(hnp.arrays(np.int8, (sum(photos), size), elements=values))
    visit = draw(hnp.arrays(np.int8, (1, size), elements=values))
    return visit, templates, photos, draw(st.integers(-128, 127))


@pytest.mark.parametrize("name", SCORES)
@settings(deadline=None, max_examples=80)
@given(decisions(), st.integers(-3, 30000))
def test_decisions_equal_the_definition(name: str, drawn: tuple, threshold: int) -> None:
    visit, templates, photos, zero = drawn
    score = Score(name, zero)
    parts = np.split(templates, np.cumsum(photos)[:-1])
    people = tuple(Person(f"p{i}", part) for i, part in enumerate(parts))
    gallery = Gallery("m", MODEL, templates.shape[1], threshold, None, people)
    chip = chip_with(gallery, score=name, zero_point=zero)
    distances = score.to_people(score.centred(visit), score.centred(templates), np.array(photos))[0]
    nearest = int(distances.argmin())
    known = nearest if distances[nearest] <= threshold else -1
    assert chip.match(visit[0]) == (known, nearest, distances[nearest])


@pytest.mark.parametrize("name", SCORES)
def test_wide_embeddings_at_the_ends_of_s8(name: str) -> None:
    visit = np.full((1, 1024), 127, np.int8)
    templates = np.where(np.arange(2048).reshape(2, 1024) % 3, -128, 127).astype(np.int8)
    score = Score(name, -128)
    gallery = Gallery("m", MODEL, 1024, 0, None, (Person("p", templates),))
    chip = chip_with(gallery, score=name, zero_point=-128)
    expected = score.to_people(score.centred(visit), score.centred(templates), np.array([2]))
    assert chip.match(visit[0])[2] == expected[0, 0]
