"""The files of a firmware are those that it needs: every header is included, every include is there."""

import re
from pathlib import Path

import numpy as np
import pytest

from microface.chip.firmware.build import Options
from microface.chip.firmware.make import make_firmware
from microface.chip.firmware.model import Model
from microface.chip.targets import Target
from microface.cli.emulate import read_input
from microface.errors import UserError
from microface.network.anchor import anchor_network
from microface.network.facenets import published

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


@pytest.mark.parametrize("target", ["nrf52840", "max78000"])
def test_headers_are_those_that_are_included(target: str, tmp_path: Path) -> None:
    if target == "max78000":
        pytest.importorskip("torch")
    network = published("facenet_v7") if target == "max78000" else anchor_network()
    make_firmware(network, Target.load(target), tmp_path / "fw", Options(source_only=True))
    files = [*(tmp_path / "fw").rglob("*.c"), *(tmp_path / "fw").rglob("*.h")]
    included = {name for file in files for name in INCLUDE.findall(file.read_text(encoding="utf-8"))}
    runtime = {path.name for path in (tmp_path / "fw" / "runtime").glob("*.h")}
    assert runtime <= included <= {path.name for path in files}
    assert not any("avx2" in name or "s16" in name for name in runtime)


def test_the_sample_of_the_vendors_tool_is_an_input(tmp_path: Path) -> None:
    """It is int64 C, H, W, where our inputs are s8 H, W, C; nothing else of 64 bits is taken."""
    pytest.importorskip("torch")
    network = published("facenet_v7")
    firmware = make_firmware(network, Target.load("max78000"), tmp_path / "fw", Options(source_only=True))
    sample = np.load(tmp_path / "fw" / "vendor" / "sample.npy")
    model = Model.of(firmware.source)
    given = read_input(model, tmp_path / "fw" / "vendor" / "sample.npy", network.input)
    assert given.dtype == np.int8 and np.array_equal(given, sample.transpose(1, 2, 0))
    for wrong in (sample * 2, sample[:, 1:], sample.transpose(1, 2, 0)):
        np.save(tmp_path / "wrong.npy", wrong)
        with pytest.raises(UserError, match="is int64"):
            read_input(model, tmp_path / "wrong.npy", network.input)
