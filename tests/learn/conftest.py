"""One drawn data set, shared by the tests of learning."""

from pathlib import Path

import pytest
from faces import write_dataset


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the drawn data set."""
    return write_dataset(tmp_path_factory.mktemp("drawn"))
