"""The folder of a firmware: what it holds, and how it comes to be there wholly or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microface.chip.targets import Target
from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes
from microface.models import ModelPackage
from microface.network import IntegerNetwork, load_network, save_network

JSON_NAME = "firmware.json"
ELF_NAME = "firmware.elf"


@dataclass(frozen=True)
class Firmware:
    """A built folder. `facts` is what `firmware.json` holds; sizes in bytes, measured in the ELF file."""

    folder: Path
    facts: dict[str, Any]

    @classmethod
    def load(cls, folder: Path) -> "Firmware":
        """Read the firmware in `folder`; a folder without `firmware.json` is a `UserError`."""
        path = folder / JSON_NAME
        if not path.is_file():
            raise UserError(folder, "holds no firmware", "build it with `microface build`")
        try:
            return cls(folder, json.loads(read_bytes(path)))
        except ValueError as error:
            raise DamagedFileError(path, f"is no JSON ({error})", "build the firmware again") from error

    @property
    def target(self) -> Target:
        """The chip it was built for."""
        return Target.load(self.facts["target"])

    @property
    def source(self) -> ModelPackage | IntegerNetwork:
        """The package or bare network that it was built from, which lies in the folder."""
        return self._read_model(self.facts["model_file"])

    @property
    def sources(self) -> tuple[ModelPackage | IntegerNetwork, ...]:
        """The same, and behind it the network that wakes it, where there is one."""
        names = (self.facts["model_file"], self.facts.get("wake_file"))
        return tuple(self._read_model(name) for name in names if name)

    def _read_model(self, name: str) -> ModelPackage | IntegerNetwork:
        path = self.folder / name
        return load_network(path) if path.suffix == ".mfn" else ModelPackage.load(path)

    @property
    def elf_path(self) -> Path:
        """The ELF file; a `UserError` where only sources were written."""
        path = self.folder / ELF_NAME
        if not path.is_file():
            raise UserError(self.folder, "holds sources only", "build it without --source-only")
        return path

    @property
    def flash_bytes(self) -> int:
        """Flash of code, constants and initial values, measured; without gallery."""
        return int(self.facts["measured"]["flash_bytes"])

    @property
    def arena_bytes(self) -> int:
        """RAM of activations, scratch and input."""
        return int(self.facts["plan"]["arena_bytes"])


@contextmanager
def folder_to_be(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the name `path` on success; an older firmware there is replaced."""
    if path.exists() and not (path.is_dir() and (not any(path.iterdir()) or (path / JSON_NAME).is_file())):
        raise UserError(path, "exists and is no firmware", "choose another folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise UserError(path, f"cannot be written ({error.strerror})", "choose another folder") from error
    try:
        fresh, older = temporary / "new", temporary / "old"
        fresh.mkdir()
        yield fresh
        if path.exists():
            os.replace(path, older)
        os.replace(fresh, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_model(folder: Path, source: ModelPackage | IntegerNetwork) -> str:
    """Write the package or bare network that firmware is built from to `folder`; return the file's name."""
    name = "model.mface" if isinstance(source, ModelPackage) else "model.mfn"
    if isinstance(source, ModelPackage):
        source.save(folder / name)
    else:
        save_network(source, folder / name)
    return name
