"""Galleries of numbers drawn at random: nobody's face."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microface.people.gallery import Gallery, Person

sys.path.insert(0, str(Path(__file__).parent))

MODEL = "ab" * 32


def make_gallery(photos: tuple[int, ...] = (2, 1, 3), dimensions: int = 8, seed: int = 0) -> Gallery:
    generator = np.random.default_rng(seed)
    names = ("Ada", "Björk", "Çelik", "Dvořák", "Eve")
    drawn = [generator.integers(-128, 128, (n, dimensions), np.int8) for n in photos]
    people = tuple(Person(name, values) for name, values in zip(names, drawn, strict=False))
    return Gallery("some model", MODEL, dimensions, 700, 0.001, people)


@pytest.fixture
def galleries() -> Callable[..., Gallery]:
    return make_gallery
