"""A slice of the random files of `thousand.py`: every tensor as LiteRT's reference kernels compute it."""

from pathlib import Path

import pytest
from random_files import NAMES
from thousand import Coverage

FILES = 9


@pytest.mark.parametrize("name", NAMES)
def test_random_files_equal_litert(name: str, tmp_path: Path) -> None:
    coverage = Coverage()
    for seed in range(FILES):
        coverage.add(name, seed, tmp_path)
    assert coverage.wrong == []
    assert coverage.files[name] >= FILES // 2
