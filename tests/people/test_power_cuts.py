"""Power fails in every call of every change, and inside every erase: one whole gallery is always found."""

from collections.abc import Callable

import numpy as np
import pytest
from chip_gallery import Chip, Geometry, contents

from microface.people.gallery import Gallery, Person
from microface.people.image import to_image

MODEL = "ab" * 32
GEOMETRIES = [Geometry(131072, 32), Geometry(4096, 4), Geometry(8192, 16), Geometry(256, 4, sectors=3)]
NEW = Person("Frida", np.arange(24, dtype=np.int8).reshape(3, 8))

Change = Callable[[Chip], object]
CHANGES: dict[str, tuple[Change, Callable[[Gallery], Gallery]]] = {
    "add": (lambda chip: chip.add(NEW.name, NEW.templates), lambda g: g.add(NEW)),
    "remove": (lambda chip: chip.remove(2), lambda g: g.remove("Çelik")),
    "rename": (lambda chip: chip.rename(0, "Zoe"), lambda g: g.rename("Ada", "Zoe")),
    "threshold": (lambda chip: chip.set_threshold(99), lambda g: g.with_threshold(99)),
    "write": (lambda chip: chip.write(to_image(replacement())), lambda g: replacement()),
}


def replacement() -> Gallery:
    return Gallery("m", MODEL, 8, 50, None, (NEW, Person("Gil", np.full((1, 8), -3, np.int8))))


def assert_whole(chip: Chip, old: Gallery, new: Gallery) -> None:
    """After start-up: the old or the new gallery, whole, in one slot, and the other slot erased."""
    assert chip.start() == "ok"
    found = chip.people(), chip.threshold()
    assert found in [(contents(g), g.threshold) for g in (old, new)]
    assert chip.flash.violations == 0
    other = chip.memory.reshape(2, -1)[1 - chip.state.slot]
    assert (other == 255).all()


def assert_survives_cut_recovery(chip: Chip, old: Gallery, new: Gallery) -> None:
    """Start-up's own erases may be cut too, again and again."""
    snapshot = chip.snapshot()
    for how in range(4):
        chip.restore(snapshot)
        for after in (0, 0, 1):
            chip.start_cut(after, how)
        assert_whole(chip, old, new)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: f"{g.sector}x{g.sectors}/{g.unit}")
@pytest.mark.parametrize("name", CHANGES)
def test_power_fails_anywhere(galleries: Callable[..., Gallery], geometry: Geometry, name: str) -> None:
    change, meaning = CHANGES[name]
    old = galleries()
    chip = Chip(geometry, MODEL)
    chip.start()
    assert chip.write(to_image(old)) == "ok"
    start, calls, cuts = chip.snapshot(), 0, 0
    while True:
        for how in range(4):
            chip.restore(start)
            chip.start()
            if not chip.cut(calls, how, change):
                assert cuts > 3 and chip.people() == contents(meaning(old))
                return
            cuts += 1
            assert_survives_cut_recovery(chip, old, meaning(old))
        calls += 1


@pytest.mark.parametrize("geometry", GEOMETRIES[1:], ids=lambda g: f"{g.sector}x{g.sectors}/{g.unit}")
def test_flash_that_reports_errors_keeps_the_old_gallery(galleries: Callable[..., Gallery], geometry: Geometry) -> None:
    old = galleries()
    chip = Chip(geometry, MODEL)
    chip.start()
    chip.write(to_image(old))
    start, call = chip.snapshot(), 0
    while True:
        call += 1
        chip.restore(start)
        chip.start()
        chip.flash.broken_call = call
        status = chip.add(NEW.name, NEW.templates)
        if status == "ok":
            break
        assert status == "flash"
        assert_whole(chip, old, old.add(NEW))
    assert call > 10


def test_the_first_gallery_of_a_new_chip_is_whole_or_not_there(galleries: Callable[..., Gallery]) -> None:
    image, calls = to_image(galleries()), 0
    chip = Chip(Geometry(4096, 4), MODEL)
    blank = chip.snapshot()
    chip.start()
    while chip.cut(calls, 3, lambda c: c.write(image)):
        chip.start()
        assert chip.people() in ([], contents(galleries()))
        assert chip.write(image) == "ok" and chip.people() == contents(galleries())
        chip.restore(blank)
        chip.start()
        calls += 1
    assert calls == len(image) // 4 and chip.flash.violations == 0


def test_of_two_whole_galleries_the_newer_is_taken_and_the_older_erased(galleries: Callable[..., Gallery]) -> None:
    chip = Chip(Geometry(4096, 4), MODEL)
    chip.start()
    chip.write(to_image(galleries()))
    for threshold in (11, 12, 13):  # the newer one lies in either slot in turn
        before = chip.snapshot()
        chip.start()
        chip.set_threshold(threshold)
        erase = chip.flash.calls - 1  # the last call erases the older slot
        chip.restore(before)
        chip.start()
        assert chip.cut(erase, 0, lambda c, t=threshold: c.set_threshold(t))
        assert all((half != 255).any() for half in chip.memory.reshape(2, -1))
        assert_whole(chip, galleries(), galleries().with_threshold(threshold))
        assert chip.threshold() == threshold
