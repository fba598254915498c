"""A face / no-face network beside a recogniser: one that is too large is told from the recogniser, and what fits."""

import pytest

from microface.chip.firmware.max78000.together import place_both
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import load
from microface.models.presence import load_presence

TARGET = Target.load("max78000")


def test_what_is_too_large_beside_faceid_is_told_with_what_fits() -> None:
    """The list of docs/application.md."""
    foldnet = load_presence("foldnet").network
    with pytest.raises(UserError) as refused:
        place_both(load("faceid").network, foldnet, TARGET)
    said = str(refused.value)
    assert "--wake foldnet, layer" in said and "faceid takes 681 of a processor's 768 columns" in said
    assert said.endswith("choose what fits beside it: facenet_v1, facenet_v6, facenet_v7")


def test_a_recogniser_in_front_is_no_face_network() -> None:
    for wake in (load("default").network, load("faceid").network):
        with pytest.raises(UserError, match=f"{wake.name}: is no face / no-face network.*; choose facenet_v1, "):
            place_both(load("faceid").network, wake, TARGET)
