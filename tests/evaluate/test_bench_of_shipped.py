"""`microface bench` as typed: which networks on which chips, and the accelerator's figures in a table of their own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from microface.cli.app import app
from microface.cli.bench import chips
from microface.cli.networks import ANCHOR
from microface.models import names
from microface.models.presence import presence_names


def test_every_shipped_network_has_its_chips() -> None:
    processors = ["stm32h743zi", "nrf52840"]
    assert chips(ANCHOR) == processors and chips("default") == processors
    assert chips("faceid") == [*processors, "max78000"]
    assert {name: chips(name) for name in presence_names()} == {name: ["max78000"] for name in presence_names()}
    assert all(chips(name)[:2] == processors for name in names())


def test_a_network_of_the_accelerator_is_counted_there(tmp_path: Path) -> None:
    pytest.importorskip("unicorn")
    result = CliRunner().invoke(app, ["bench", "foldnet", "--json", str(tmp_path / "bench.json")])
    assert result.exit_code == 0, result.output
    chip, host = json.loads((tmp_path / "bench.json").read_text())
    assert (chip["network"], chip["target"], host["target"]) == ("foldnet", "max78000", "host")
    own, both = chip["accelerator_milliseconds"], chip["estimated_milliseconds"]
    assert 0.5 < own[0] == own[1] < both[0] < both[1] < 2 and chip["instructions"] < 100_000
    assert "One inference on the accelerator" in result.output and "0.641" in result.output
