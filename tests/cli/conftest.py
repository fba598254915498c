"""What the command-line tests share: a way to run it, a small model, photos of people who do not exist."""

import sys
from pathlib import Path

import pytest
from running import Outcome, RunCli

from microface.cli import main
from microface.demo.cast import PEOPLE


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> RunCli:
    """Run the command line in `tmp_path` with the given words."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["microface", *map(str, words)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capfd.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def people() -> Path:
    """The folder of enrolled people who do not exist: a folder of photos per person."""
    return PEOPLE / "enrolled"
