"""Shared fixtures: where the research data lies, when it is there; how hypothesis runs."""

import os

# Before numpy and torch are loaded: tests run in a process per core, and networks this small only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(__file__).resolve().parents[2] / "shared"

# Machines differ in speed, so no deadline; the same examples everywhere, so a failure repeats.
settings.register_profile(
    "microface",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("microface")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the checkout (photos, LFW folds, teacher); the test skips where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the research data in ../shared, which is not here")
    return SHARED
