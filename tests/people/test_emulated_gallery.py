"""The gallery on emulated chips: firmware, flash and power cuts of the real sizes."""

from pathlib import Path

import numpy as np
import pytest
from packages import noise_people, tiny_package

from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.faults import PowerCut
from microface.chip.firmware.build import build
from microface.chip.targets import Target
from microface.errors import UserError
from microface.network.scores import Score
from microface.people.check import decide
from microface.people.gallery import Gallery, Person
from microface.people.image import from_image, to_image

pytest.importorskip("unicorn")

PACKAGE = tiny_package()


@pytest.fixture(scope="module", params=["stm32h743zi", "nrf52840", "gap8"])
def device(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> EmulatedDevice:
    folder = tmp_path_factory.mktemp("firmware") / request.param
    return EmulatedDevice(build(PACKAGE, Target.load(request.param), folder))


def gallery_of(names: str, seed: int) -> Gallery:
    crops, owners = noise_people(len(names), 2, seed)
    embeddings = PACKAGE.network.run((crops ^ 0x80).view(np.int8)).reshape(len(crops), -1)
    people = tuple(Person(name, embeddings[owners == i]) for i, name in enumerate(names))
    return Gallery("tiny", PACKAGE.model_id, 8, 6000, None, people)


def slots(device: EmulatedDevice) -> list[bytes]:
    start, end = (device.chip.address(f"mf_gallery_{edge}") for edge in ("start", "end"))
    whole = device.chip.read(start, end - start)
    return [whole[: len(whole) // 2], whole[len(whole) // 2 :]]


def in_use(device: EmulatedDevice) -> tuple[list[str], int, bool]:
    """Names and threshold of the gallery in use, and whether the other slot is erased."""
    slot = int.from_bytes(device.chip.read(device.chip.call("mf_people") + 4, 4), "little", signed=True)
    gallery = from_image(slots(device)[slot], Path("flash"))
    return list(gallery.names), gallery.threshold, not slots(device)[1 - slot].strip(b"\xff")


def test_the_chip_decides_as_the_definition_does(device: EmulatedDevice) -> None:
    gallery = gallery_of("abcde", seed=3)
    device.write_gallery(to_image(gallery))
    crops, _ = noise_people(8, 1, seed=3)
    embeddings = device.embed(crops)
    assert np.array_equal(embeddings, PACKAGE.network.run((crops ^ 0x80).view(np.int8)).reshape(8, -1))
    names = decide(gallery, Score("l2norm", PACKAGE.network.output.zero_point), embeddings)
    said = [match.person for match in device.match(embeddings)]
    assert said == [-1 if name is None else gallery.index(name) for name in names]
    assert set(said[:5]) == {0, 1, 2, 3, 4} and -1 in said


def test_wrong_galleries_are_refused_and_the_old_one_stays(device: EmulatedDevice) -> None:
    device.write_gallery(to_image(gallery_of("ab", seed=4)))
    image = bytearray(to_image(gallery_of("xyz", seed=5)))
    image[100] ^= 1
    other = Gallery("other", "00" * 32, 8, 5, None, gallery_of("x", 5).people)
    for wrong, reason in ((bytes(image), "damaged"), (to_image(other), "another model"), (b"x" * 80, "no gallery")):
        with pytest.raises(UserError, match=reason):
            device.write_gallery(wrong)
    assert in_use(device) == (["a", "b"], 6000, True)


@pytest.mark.parametrize("inside_erase", [False, True])
def test_power_cuts(device: EmulatedDevice, inside_erase: bool) -> None:
    """After every flash call, or in every erase, of one gallery taking the place of another."""
    galleries = [gallery_of("abc", seed=6), gallery_of("xy", seed=7)]
    device.start()
    device.write_gallery(to_image(galleries[0]))
    known, calls, cuts = 0, 0, 0
    while calls < 500:
        new = 1 - known
        device.chip.flash.cut_power_after(calls, inside_erase)
        try:
            device.write_gallery(to_image(galleries[new]))
            break
        except PowerCut:
            device.start()
        found = in_use(device)
        assert found in [(list(g.names), g.threshold, True) for g in galleries]
        known = [list(g.names) for g in galleries].index(found[0])
        cuts, calls = cuts + 1, calls + 1
    assert cuts >= 10  # the header and every unit of the image; an erase follows all of them
