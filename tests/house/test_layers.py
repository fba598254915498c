"""The house keeps its shape: layers, no torch outside `learn`, no file too long, nothing foreign in the tree."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "microface").rglob("*.py"))

_WITHOUT_TORCH = """
import importlib, pkgutil, sys
sys.modules["torch"] = None
import microface
for module in pkgutil.walk_packages(microface.__path__, "microface."):
    if not module.name.startswith("microface.learn"):
        importlib.import_module(module.name)
"""


def test_rooms_import_only_from_the_rooms_before_them() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    if not lint.exists():
        pytest.skip("needs import-linter")
    result = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_room_but_learn_imports_without_torch() -> None:
    subprocess.run([sys.executable, "-c", _WITHOUT_TORCH], check=True)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
