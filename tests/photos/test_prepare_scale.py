"""Many photos and many machines: flat memory, and the same bytes from a cluster as from one process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prepare_help import people, prepared, recipe_with

from microface.photos.prepare import Workers


def measured(count: int) -> dict[str, Any]:
    script = Path(__file__).with_name("memory_of_prepare.py")
    paths = os.environ | {"PYTHONPATH": str(script.parents[1])}  # of the helpers that all tests share
    command = [sys.executable, str(script), str(count)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=paths)
    assert run.returncode == 0, run.stderr
    figures: dict[str, Any] = json.loads(run.stdout)
    return figures


def test_memory_does_not_grow_with_the_number_of_photos() -> None:
    few, many = measured(4_000), measured(24_000)
    assert many["entries"] == 24_000 and many["copies"] == many["shards"] - 1 == 23
    assert many["planned_mb"] - few["planned_mb"] < 8
    assert many["tidied_mb"] - few["tidied_mb"] < 50, (few, many)


def test_a_cluster_gives_the_same_bytes(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="needs Ray (the extra `scale`)")
    names = [f"{who}/enrol-{number}.jpg" for who in ("Arlo", "Brisa") for number in (1, 2)]
    source, recipe = people(tmp_path / "home", *names), recipe_with(tmp_path, shard=2)
    prepared(source, recipe, tmp_path / "here")
    try:
        prepared(source, recipe, tmp_path / "cluster", Workers(2, "local"))
    finally:
        ray.shutdown()
    for path in (tmp_path / "here").iterdir():
        assert (tmp_path / "cluster" / path.name).read_bytes() == path.read_bytes(), path.name
