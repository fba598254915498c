import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.errors import UserError
from microface.photos.align import TEMPLATE_EYE_DISTANCE
from microface.photos.preprocess import Preprocess

preprocesses = st.builds(
    Preprocess,
    st.sampled_from(["aligned", "loose"]),
    st.integers(8, 1024),
    st.integers(8, 1024),
    st.floats(1, 1024),
    st.sampled_from(["black", "replicate"]),
    st.sampled_from(["none", "spread"]),
    margin=st.one_of(st.none(), st.just(0)),
)


@given(preprocesses)
def test_json_and_back(preprocess: Preprocess) -> None:
    assert Preprocess.from_json(json.loads(json.dumps(preprocess.to_json()))) == preprocess


def test_sizes() -> None:
    assert Preprocess.aligned(112).eye_distance == pytest.approx(TEMPLATE_EYE_DISTANCE)
    assert (Preprocess.aligned(96, 4).width, Preprocess.aligned(96, 4).height) == (104, 104)
    assert Preprocess.aligned(96, 4).eye_distance == Preprocess.aligned(96).eye_distance
    assert (Preprocess.loose().width, Preprocess.loose().height, Preprocess.loose().eye_distance) == (120, 160, 40)


@pytest.mark.parametrize(
    "change", [{"geometry": "sideways"}, {"light": "sun"}, {"width": 0}, {"height": 5000}, {"colour": "red"}]
)
def test_what_is_not_known_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UserError):
        Preprocess.from_json(Preprocess.aligned(96).to_json() | change)


def test_a_missing_field_is_refused() -> None:
    value = Preprocess.aligned(96).to_json()
    del value["eye_distance"]
    with pytest.raises(UserError):
        Preprocess.from_json(value)


@pytest.mark.parametrize("margin", [0, 4, 20])
def test_the_content_is_what_a_network_reads_whatever_the_margin(margin: int) -> None:
    for size in (48, 96, 112, 128):
        assert Preprocess.aligned(size, margin).content == (size, size)
    assert Preprocess.loose().widened(margin).content == (160, 120)
    assert Preprocess.loose().widened(margin).inner == Preprocess.loose()
    assert Preprocess.aligned(96, margin).inner == Preprocess.aligned(96)
    assert Preprocess.loose(96, 128).widened(margin).content == (128, 96)


@pytest.mark.parametrize(("width", "height"), [(96, 96), (98, 130), (96, 200), (128, 96), (100, 0)])
def test_the_content_of_a_loose_crop_is_what_was_asked_for(width: int, height: int) -> None:
    plain = Preprocess.loose(width, height)
    assert plain.size == (height or 133, width)
    for margin in (0, 4, 16):
        stored = Preprocess.from_json(json.loads(json.dumps(plain.widened(margin).to_json())))
        assert stored == plain.widened(margin) and stored.content == plain.size and stored.inner == plain


def test_files_of_older_releases_read_as_before_and_keep_their_ids() -> None:
    tones = {"border": "replicate", "light": "none", "mapping": "minus_128"}
    for geometry, width, height, eyes, content in [
        ("aligned", 104, 104, Preprocess.aligned(96).eye_distance, (96, 96)),
        ("loose", 160, 200, 40.0, (160, 120)),
        ("loose", 120, 160, 40.0, (160, 120)),
        ("loose", 96, 96, 32.0, (96, 96)),
        ("loose", 128, 128, 32.0, (128, 96)),
    ]:
        old = {"geometry": geometry, "width": width, "height": height, "eye_distance": eyes} | tones
        read = Preprocess.from_json(old)
        assert read.content == content and read.to_json() == old and read.inner.content == content
    assert Preprocess.loose().widened(20).to_json().keys() == old.keys()


@pytest.mark.parametrize("margin", [-1, 2.5, 45, "4"])
def test_a_margin_that_leaves_nothing_is_refused(margin: object) -> None:
    with pytest.raises(UserError):
        Preprocess.from_json(Preprocess.aligned(96).to_json() | {"margin": margin})
