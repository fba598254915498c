"""The manifest of a data set: what it was made from and how, and which shards are finished."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes, write_json
from microface.photos.preprocess import Preprocess

Split = Literal["train", "held_out"]
VERSION = 1
NAME = "manifest.json"


@dataclass(frozen=True)
class ShardInfo:
    """One finished shard: its number, rows, counts by split and of skipped photos by reason, SHA-256 of its files.

    `native` counts the rows whose crop did not enlarge the photo; None where an older release did not count.
    """

    number: int
    rows: int
    splits: dict[str, int]
    skipped: dict[str, int]
    checksums: dict[str, str]
    native: int | None = None

    def file(self, what: str) -> str:
        """Return the name of the file that holds `what`: crops, embeddings, rows or skipped."""
        return self.name_of(what, self.number)

    @staticmethod
    def name_of(what: str, number: int) -> str:
        """Return the name of the file that holds `what` of shard `number`."""
        return f"{what}-{number:05d}.{'npy' if what in ('crops', 'embeddings') else 'jsonl'}"


@dataclass(frozen=True)
class Manifest:
    """Says all about a data set but its pictures.

    `recipe` tells in words and numbers how it was made; `recipe_id` is the SHA-256 over everything that its
    contents depend on, so that an interrupted preparation only goes on with the same. `photos` is the number
    listed, `planned` the number of shards when all are done, `tidied` true once copies of photos are taken out of them.
    """

    preprocess: Preprocess
    teacher: dict[str, Any]
    recipe: dict[str, Any]
    recipe_id: str
    photos: int
    planned: int
    shards: tuple[ShardInfo, ...] = ()
    tidied: bool = True

    @property
    def complete(self) -> bool:
        """True when every planned shard is finished, without copies."""
        return len(self.shards) == self.planned and self.tidied

    @property
    def native(self) -> int | None:
        """Number of crops for which the photo was not enlarged; None when it was not counted."""
        counts = [shard.native for shard in self.shards if shard.native is not None]
        return sum(counts) if len(counts) == len(self.shards) else None

    @property
    def rows(self) -> int:
        """Number of crops in the finished shards."""
        return sum(shard.rows for shard in self.shards)

    @property
    def splits(self) -> dict[str, int]:
        """Number of crops by split."""
        return _added(shard.splits for shard in self.shards)

    @property
    def skipped(self) -> dict[str, int]:
        """Number of photos left out, by reason."""
        return _added(shard.skipped for shard in self.shards)

    def with_shard(self, shard: ShardInfo) -> Self:
        """Return the manifest with one more finished shard, in the order of their numbers; it replaces its elder."""
        others = (each for each in self.shards if each.number != shard.number)
        return replace(self, shards=tuple(sorted((*others, shard), key=lambda each: each.number)))

    def save(self, folder: Path) -> None:
        """Write the manifest to `folder`, wholly or not at all."""
        counts = {
            "crops": self.rows,
            "native": self.native,
            "splits": self.splits,
            "skipped": self.skipped,
            "complete": self.complete,
        }
        own = asdict(self) | {"preprocess": self.preprocess.to_json()}
        write_json(folder / NAME, {"kind": "microface dataset", "version": VERSION, **counts, **own})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the manifest of the data set in `folder`."""
        path = folder / NAME
        data = read_bytes(path)
        try:
            value = json.loads(data)
            version = value["version"]
            return cls(**_fields(value)) if version == VERSION else _refuse_version(path, version)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedFileError(path, "is not a manifest of a data set", "prepare the data set again") from error


def go_on(folder: Path, fresh: Manifest) -> Manifest:
    """Return the manifest in `folder` to go on with, `fresh` where there is none; `UserError` for another recipe's."""
    if not (folder / NAME).is_file():
        return fresh
    old = Manifest.load(folder)
    if old.recipe_id != fresh.recipe_id:
        raise UserError(folder, "holds another data set", "choose another folder")
    return old


def _refuse_version(path: Path, version: object) -> Any:
    raise DamagedFileError(path, f"has version {version}", f"this release reads version {VERSION}")


def _fields(value: dict[str, Any]) -> dict[str, Any]:
    names = ("teacher", "recipe", "recipe_id", "photos", "planned")
    shards = tuple(ShardInfo(**shard) for shard in value["shards"])
    return {name: value[name] for name in names} | {
        "preprocess": Preprocess.from_json(value["preprocess"]),
        "shards": shards,
        "tidied": value.get("tidied", True),
    }


def _added(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(sorted(total.items()))
