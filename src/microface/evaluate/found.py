"""Faces of many photos, found once: their boxes and landmarks are kept in the user's cache folder."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from microface.console import track
from microface.errors import UserError
from microface.files import write_json
from microface.photos.detect.finder import Finder, Search
from microface.photos.detect.stored import detector_id
from microface.photos.face import Face

ReadPhoto = Callable[[Path], np.ndarray]


def find_faces(root: Path, files: Sequence[str], read: ReadPhoto) -> list[Face | None]:
    """Return the most central face of each photo of `files` below `root`, None where the detector finds none.

    The cache is keyed by the photos' names, sizes and times and by the detector; without a cache it only takes longer.
    """
    path = _cache_file(root, files)
    known = _load(path, files)
    if known is None:
        finder = Finder()
        known = [finder.central(read(root / name)) for name in track(files, "finding faces")]
        _store(path, known)
    return known


def cache_folder() -> Path:
    """Return the folder of found faces; it may be deleted at any time."""
    return Path(platformdirs.user_cache_dir("microface")) / "faces"


def _cache_file(root: Path, files: Sequence[str]) -> Path:
    digest = hashlib.sha256(f"{detector_id()} {Search()}".encode())
    for name in files:
        status = (root / name).stat()
        digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return cache_folder() / f"{digest.hexdigest()}.json"


def _load(path: Path, files: Sequence[str]) -> list[Face | None] | None:
    try:
        values: list[dict[str, Any] | None] = json.loads(path.read_text(encoding="utf-8"))
        faces = [None if value is None else Face.from_json(value) for value in values]
    except (OSError, ValueError, KeyError, TypeError):  # absent or damaged: it is made again
        return None
    return faces if len(faces) == len(files) else None


def _store(path: Path, faces: Sequence[Face | None]) -> None:
    try:
        write_json(path, [None if face is None else face.to_json() for face in faces])
    except UserError:  # a cache that cannot be written costs time, nothing else
        return
