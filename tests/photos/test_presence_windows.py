"""Windows with and without a face: the rule, the split, the set on disk."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from marked_pictures import HEADER, draw_collection
from microface.cli.presence import app
from microface.errors import UserError
from microface.photos.layouts.wider import MarkedFace, marked_pictures
from microface.photos.presence.paste import paste
from microface.photos.presence.prepare import prepare
from microface.photos.presence.rule import Rule
from microface.photos.presence.store import NAME, Settings, open_windows, read_settings, shard_path
from microface.photos.presence.windows import draw

RULE = Rule(side=48, smallest=0.3)
SETTINGS = Settings(RULE, size=24, each=4, held_out=3, validation=3)
CLEAR = MarkedFace((20, 20, 20, 24))


@pytest.mark.parametrize(
    ("faces", "label"),
    [
        ([], "none"),
        ([CLEAR], "face"),
        ([MarkedFace((48, 20, 20, 24))], "none"),
        ([MarkedFace((47, 20, 20, 24))], "partial"),
        ([MarkedFace((20, 20, 14, 20))], "tiny"),
        ([MarkedFace((20, 20, 20, 24), blur=2)], "blurred"),
        ([MarkedFace((20, 20, 20, 24), blur=1, occlusion=1)], "face"),
        ([MarkedFace((20, 20, 20, 24), occlusion=2)], "occluded"),
        ([MarkedFace((20, 20, 20, 24), invalid=True)], "invalid"),
        ([MarkedFace((-5, 0, 30, 30)), CLEAR], "face"),
        ([MarkedFace((-5, 0, 30, 40)), MarkedFace((30, 30, 5, 5))], "partial"),
    ],
)
def test_rule(faces: list[MarkedFace], label: str) -> None:
    assert RULE.label(0, 0, faces) == label
    shifted = [MarkedFace((f.box[0] + 7, f.box[1] + 9, *f.box[2:]), f.blur, f.occlusion, f.invalid) for f in faces]
    assert RULE.label(7, 9, shifted) == label


@given(st.integers(0, 1000), st.integers(48, 90), st.integers(48, 90), st.integers(1, 5))
def test_windows_lie_in_the_picture_and_keep_the_rule(seed: int, height: int, width: int, each: int) -> None:
    drawn = draw((height, width), [CLEAR], RULE, each, seed)
    for window in drawn.windows:
        assert 0 <= window.left <= width - 48 and 0 <= window.top <= height - 48
        assert window.label == RULE.label(window.left, window.top, [CLEAR])
        assert window.face == (20 / 48 if window.label == "face" else 0)
    labels = [window.label for window in drawn.windows]
    assert max(labels.count("face"), labels.count("none")) <= each


def test_a_set_is_balanced_split_by_picture_and_the_same_twice(tmp_path: Path) -> None:
    source = draw_collection(tmp_path / "wider")
    draw_collection(source, 3, "val", seed=1)
    (tmp_path / "empty").mkdir()
    cv2.imwrite(str(tmp_path / "empty/wall.png"), np.full((30, 50, 3), 90, np.uint8))
    for name in ("a", "b"):
        prepare(source, tmp_path / "empty", tmp_path / name, SETTINGS)
    splits, again = open_windows(tmp_path / "a"), open_windows(tmp_path / "b")
    owners = [set(part.pictures.tolist()) for part in splits.values()]
    assert sum(map(len, owners)) == len(set().union(*owners))
    for split in ("train", "validation", "held_out"):
        part = splits[split]
        assert part.face.sum() * 2 == len(part) > 0
        assert part.crops.shape[1:] == (24, 24, 3) and np.array_equal(part.crops, again[split].crops)
        assert (part.sizes[part.face] >= RULE.smallest).all() and not part.sizes[~part.face].any()
    assert len(splits["background"]) == 1 and not splits["background"].face.any()


def test_a_pasted_piece_lies_where_and_as_large_as_is_said() -> None:
    random = np.random.default_rng(0)
    base, piece = np.zeros((88, 88, 3), np.uint8), np.full((120, 120, 3), 255, np.uint8)
    for _ in range(50):
        crop, share = paste(base, piece, 35.0, random)
        rows, columns = np.nonzero(crop[..., 0] > 127)
        unit = share * 88 / 2.2
        assert np.pi * 1.3 * 1.7 * unit**2 == pytest.approx(len(rows), rel=0.12)
        assert 0.2 <= share <= 0.6 and np.ptp(rows) >= np.ptp(columns)


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    source = draw_collection(tmp_path / "wider", 70)
    prepare(source, None, tmp_path / "whole", SETTINGS)
    prepare(source, None, tmp_path / "cut", SETTINGS)
    (tmp_path / "cut" / NAME).unlink()
    shard_path(tmp_path / "cut", 1).unlink()
    with pytest.raises(UserError, match="holds no finished set"):
        open_windows(tmp_path / "cut")
    first = shard_path(tmp_path / "cut", 0).stat().st_mtime_ns
    prepare(source, None, tmp_path / "cut", SETTINGS)
    assert shard_path(tmp_path / "cut", 0).stat().st_mtime_ns == first
    for number in (0, 1):
        assert shard_path(tmp_path / "cut", number).read_bytes() == shard_path(tmp_path / "whole", number).read_bytes()
    with pytest.raises(UserError, match="other settings"):
        prepare(source, None, tmp_path / "cut", Settings(Rule(48, 0.4), 24, 4, 3, 3))


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        prepare(tmp_path / "nothing", None, tmp_path / "out", SETTINGS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no pictures of WIDER"):
        prepare(tmp_path / "empty", None, tmp_path / "out", SETTINGS)
    source = draw_collection(tmp_path / "wider", 2)
    with pytest.raises(UserError, match="holds no pictures"):
        prepare(source, tmp_path / "empty", tmp_path / "out", SETTINGS)
    (source / "WIDER_train/images/0--Drawn/train_0.png").write_bytes(b"no picture")
    assert prepare(source, None, tmp_path / "out", SETTINGS)["unreadable"] == 1
    (source / HEADER.format(part="train")).unlink()
    with pytest.raises(UserError, match="unpack wider_face_split"):
        list(marked_pictures(source))
    with pytest.raises(UserError, match="out of range"):
        Rule(side=4)


def test_from_the_command_line(tmp_path: Path) -> None:
    source = draw_collection(tmp_path / "wider")
    options = ["--window", "48", "--smallest", "0.3", "--size", "24", "--each", "4", "--held-out", "3"]
    result = CliRunner().invoke(app, ["prepare", str(source), "--output", str(tmp_path / "windows"), *options])
    assert result.exit_code == 0, result.output
    assert "held_out" in result.output and (tmp_path / "windows/sheet.png").stat().st_size > 0


def test_windows_of_other_sides_join_what_is_trained_on(tmp_path: Path) -> None:
    source = draw_collection(tmp_path / "wider")
    prepare(source, None, tmp_path / "plain", SETTINGS)
    prepare(source, None, tmp_path / "more", replace(SETTINGS, also=(40, 80)))
    plain, more = open_windows(tmp_path / "plain"), open_windows(tmp_path / "more")
    assert len(more["train"]) > len(plain["train"])
    assert len(np.unique(more["train"].pictures)) == len(np.unique(plain["train"].pictures))
    for split in ("validation", "held_out"):
        assert np.array_equal(plain[split].crops, more[split].crops)
    assert read_settings(tmp_path / "more").also == (40, 80)
    with pytest.raises(UserError, match="window"):
        replace(SETTINGS, also=(3,))
