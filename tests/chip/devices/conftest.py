from pathlib import Path

import pytest
from chips import CHIPS, build_fixture

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.targets import Target


@pytest.fixture(scope="session", params=CHIPS)
def target(request: pytest.FixtureRequest) -> Target:
    return Target.load(request.param)


@pytest.fixture(scope="session")
def elf(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fixture(target, tmp_path_factory.mktemp(target.name))


@pytest.fixture
def chip(target: Target, elf: Path) -> EmulatedChip:
    return EmulatedChip(target, elf, max_instructions=200_000_000)
