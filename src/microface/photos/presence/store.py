"""The set of windows on disk: shards of pictures, and a manifest that says how they were made."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes, read_container, write_container, write_json
from microface.photos.presence.rule import Rule

Split = Literal["train", "validation", "held_out", "background"]
SPLITS: tuple[Split, ...] = ("train", "validation", "held_out", "background")
KIND = "face windows"
NAME = "windows.json"
PASTED = "pasted/"
"""Begin of the names of windows into which something was pasted."""


@dataclass(frozen=True)
class Settings:
    """How a set is made: `rule`, side `size` of the stored crops, up to `each` windows of a class per picture.

    One picture in `held_out` is kept for the figures, of the others one in `validation` for early stopping. What is
    left gives windows of the sides `also` besides, `each` again.
    """

    rule: Rule = field(default_factory=Rule)
    size: int = 88
    each: int = 16
    held_out: int = 4
    validation: int = 8
    seed: int = 1
    also: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse sizes that no network reads, and sets without one of the splits."""
        if not 8 <= self.size <= 1024 or self.each < 1:
            raise UserError("size or windows per picture", "is out of range", "use 8 to 1024 pixels, 1 window or more")
        if self.held_out < 2 or self.validation < 2:
            raise UserError("held-out or validation pictures", "would be all", "keep one picture in 2 or more")
        self.rules()

    def rules(self) -> tuple[Rule, ...]:
        """Return the rule, then those of the other sides; sides that no window has are a `UserError`."""
        return self.rule, *(replace(self.rule, side=side) for side in self.also)

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary that JSON gives back as it is."""
        return asdict(self) | {"also": list(self.also)}


@dataclass(frozen=True)
class ShardContent:
    """n crops uint8 [n, size, size, 3], their rows (picture, split, left, top, label, face), and what was left out."""

    crops: np.ndarray
    rows: Sequence[dict[str, Any]]
    left_out: Counter[str]


@dataclass(frozen=True, eq=False)
class Windows:
    """One split: crops uint8 [N, size, size, 3], `face` bool [N], `pictures` int64 [N] numbers each window's picture.

    `sizes` float [N]: shorter side of the largest clear face as a share of the window; 0 where there is none. `pasted`
    bool [N]: a face or a piece of another window was pasted in.
    """

    crops: np.ndarray
    face: np.ndarray
    pictures: np.ndarray
    sizes: np.ndarray
    pasted: np.ndarray

    def __len__(self) -> int:
        return len(self.face)

    def only(self, rows: np.ndarray) -> "Windows":
        """Return the windows at `rows` (numbers or booleans)."""
        return Windows(*(getattr(self, each.name)[rows] for each in fields(self)))

    def balanced(self, seed: int) -> "Windows":
        """Return as many windows with a face as without, those too many left out at random."""
        random = np.random.default_rng(seed)
        classes = [random.permutation(np.flatnonzero(self.face == which)) for which in (False, True)]
        fewest = min(map(len, classes))
        return self.only(np.sort(np.concatenate([rows[:fewest] for rows in classes])))


def shard_path(folder: Path, number: int) -> Path:
    """Return the file of shard `number`."""
    return folder / f"windows-{number:05d}.mfc"


def write_shard(path: Path, content: ShardContent, recipe: dict[str, Any]) -> None:
    """Write a shard, wholly or not at all; `recipe` says what it was made from."""
    values = {"recipe": recipe, "rows": list(content.rows), "left_out": dict(content.left_out)}
    write_container(path, KIND, values, {"crops": content.crops})


def read_shard(path: Path) -> tuple[ShardContent, dict[str, Any]]:
    """Return the shard at `path` and its recipe; a damaged or foreign file is a `DamagedFileError`."""
    container = read_container(path, KIND)
    content = container.content
    return ShardContent(container.arrays["crops"], content["rows"], Counter(content["left_out"])), content["recipe"]


def write_manifest(folder: Path, settings: Settings, shards: int, facts: dict[str, Any]) -> None:
    """Write the manifest, which makes the set whole."""
    write_json(folder / NAME, {"settings": settings.to_json(), "shards": shards, **facts})


def open_windows(folder: Path) -> dict[Split, Windows]:
    """Return the splits of the set in `folder`; both classes are balanced in all but the backgrounds.

    An unfinished or foreign set is a `UserError`.
    """
    seed, count = read_settings(folder).seed, int(_manifest(folder)["shards"])
    shards = [read_shard(shard_path(folder, number))[0] for number in range(count)]
    rows = [row for shard in shards for row in shard.rows]
    whole = _windows(np.concatenate([shard.crops for shard in shards]), rows)
    owners = np.array([row["split"] for row in rows])
    parts = {split: whole.only(owners == split) for split in SPLITS}
    return {split: part if split == "background" else part.balanced(seed) for split, part in parts.items()}


def read_settings(folder: Path) -> Settings:
    """Return how the set in `folder` was made."""
    values = _manifest(folder)["settings"]
    try:
        return Settings(**values | {"rule": Rule(**values["rule"]), "also": tuple(values.get("also", ()))})
    except (TypeError, KeyError) as error:
        raise DamagedFileError(folder / NAME, f"cannot be read ({error})", "prepare the set again") from error


def faces_from(folder: Path) -> tuple[str, ...]:
    """Return the sources of the faces that were pasted into windows of the set in `folder`; none for older sets."""
    return tuple(_manifest(folder)["faces_from"])


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / NAME
    if not path.is_file():
        raise UserError(folder, "holds no finished set of windows", "run `microface presence prepare` to its end")
    try:
        values: dict[str, Any] = json.loads(read_bytes(path))
        known = {"settings": dict(values["settings"]), "shards": int(values["shards"])}
        return known | {"faces_from": list(values.get("faces_from", ()))}
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(path, f"cannot be read ({error})", "prepare the set again") from error


def _windows(crops: np.ndarray, rows: Sequence[dict[str, Any]]) -> Windows:
    _, pictures = np.unique([row["picture"] for row in rows], return_inverse=True)
    face = np.array([row["label"] == "face" for row in rows])
    pasted = np.array([row["picture"].startswith(PASTED) for row in rows])
    return Windows(crops, face, pictures.astype(np.int64), np.array([row["face"] for row in rows]), pasted)
