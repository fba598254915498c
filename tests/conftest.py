"""Shared fixtures: where the research data lies, when it is there."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the checkout (photos, LFW folds, teacher); the test skips where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the research data in ../shared, which is not here")
    return SHARED
