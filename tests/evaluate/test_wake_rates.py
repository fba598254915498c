"""How often a network in front wakes: frames of held-out pictures, judged as the firmware judges them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from marked_pictures import HEADER
from microface.chip.application.settings import Settings
from microface.chip.application.wake import Wake, window_of
from microface.cli.presence import app
from microface.errors import UserError
from microface.evaluate.wake import Frames, held_out_frames, wake_rates
from microface.models import load
from microface.network.facenets import chain
from microface.network.inputs.pixels import from_rgb565, to_rgb565
from microface.network.inputs.resize import crop_resized
from microface.photos.presence.prepare import prepare
from microface.photos.presence.store import Settings as WindowSettings

PREPROCESS = load("faceid").preprocess
FRONT = chain("front", (4, 8, 8), 8, (44, 44, 12))
PICTURES = 24


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 260 x 400 in the layout of WIDER FACE, a face of 60 x 70 marked in the middle of every second one."""
    root, random, lines = tmp_path_factory.mktemp("wider"), np.random.default_rng(0), []
    for number in range(PICTURES):
        coarse = random.integers(0, 256, (13, 20, 3)).astype(np.uint8)
        path = root / f"WIDER_train/images/0--Drawn/{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.kron(coarse, np.ones((20, 20, 1), np.uint8)))
        box = "170 95 60 70" if number % 2 else "0 0 5 5"
        lines += [f"0--Drawn/{number}.png", "1", f"{box} 0 0 0 0 0 0"]
    table = root / HEADER.format(part="train")
    table.parent.mkdir(parents=True)
    table.write_text("\n".join(lines) + "\n")
    prepare(root, None, root / "windows", WindowSettings(each=2, held_out=2, validation=2))
    return root


def test_frames_are_seen_as_the_firmware_sees_them(source: Path) -> None:
    chosen = Settings()
    frames = held_out_frames(FRONT, PREPROCESS, source, source / "windows", 4, chosen)
    place = chosen.wake_rectangle(PREPROCESS, window_of(FRONT))
    assert 0 < len(np.unique(frames.pictures)) < PICTURES and frames.face.any()
    assert set(np.round(frames.sizes[frames.face], 3)) == {round(60 / place.width, 3)}
    result = wake_rates(FRONT, frames)
    assert result.with_face.windows == frames.face.sum() and result.without.windows == (~frames.face).sum()
    picture = from_rgb565(to_rgb565(np.random.default_rng(1).integers(0, 256, (240, 320, 3)).astype(np.uint8)))
    crops = np.stack([crop_resized(picture, place, window_of(FRONT))] * 4)
    same = Frames(crops, np.arange(4) < 2, np.array([0.3, 0.3, 0, 0]), np.arange(4))
    for margin in (-(10**6), 0, 10**6):
        result = wake_rates(FRONT, same, margin)
        assert result.with_face.value == result.without.value == Wake(FRONT, place, margin)(picture)


def test_the_command_and_what_it_refuses(source: Path, tmp_path: Path) -> None:
    arguments = ["wake", "facenet_v1", source, "--data", source / "windows", "--each", "2", "--json", tmp_path / "a"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0 and "frames that wake" in result.output
    facts = json.loads((tmp_path / "a").read_text())
    assert facts["model"] == "faceid" and 0 <= facts["with_face"]["value"] <= 1
    large = Settings(frame_size=(480, 640))
    with pytest.raises(UserError, match="no held-out picture as large"):
        held_out_frames(FRONT, PREPROCESS, source, source / "windows", 2, large)
    with pytest.raises(UserError, match="holds no finished set"):
        held_out_frames(FRONT, PREPROCESS, source, tmp_path, 2, Settings())
