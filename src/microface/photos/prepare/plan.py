"""The plan of a preparation: which photo goes into which shard, on disk, so that memory does not grow with photos.

Photos are ordered by a hash of seed and key, which is a shuffle that needs no list: they are first spread over 128
files by the first bits of the hash, then each file is sorted alone.
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, BinaryIO

from microface.errors import UserError
from microface.files import atomic_write, cannot_write
from microface.photos.dataset import Split
from microface.photos.layouts import PhotoEntry
from microface.photos.prepare.recipe import Recipe
from microface.photos.prepare.refuse import is_refused
from microface.photos.prepare.split import People, split_of

FOLDER = ".plan"
_ENTRIES = "entries.jsonl"
_LEAST, _PARTS = 64, 16
_FILES = 128
"""Some systems let a process open no more than 256."""
_FIELDS = tuple(each.name for each in fields(PhotoEntry))
_HELD_OUT_FIRST: tuple[Split, Split] = ("held_out", "train")


@dataclass(frozen=True)
class Task:
    """The photos of one shard, all of one split: `count` lines of the plan from byte `start` on."""

    number: int
    split: Split
    start: int
    count: int


@dataclass(frozen=True)
class Planned:
    """One photo of the plan; `refused` when its person's name is one that evaluation needs."""

    entry: PhotoEntry
    refused: bool


@dataclass(frozen=True)
class Plan:
    """The shards to make, held-out people first; `digest` says which photos in which order; `single` counts people
    with one photo only."""

    tasks: tuple[Task, ...]
    photos: int
    digest: str
    single: int


def make_plan(entries: Iterable[PhotoEntry], recipe: Recipe, folder: Path, refused: frozenset[str]) -> Plan:
    """Write the plan for `entries` into `folder` and return it; people called as in `refused` are marked."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    try:
        (folder / FOLDER).mkdir(parents=True)
        people = _spread(entries, recipe, folder / FOLDER, refused)
        with atomic_write(folder / FOLDER / _ENTRIES, 0o600) as stream:
            plan = _written(stream, recipe, folder / FOLDER, people)
        if len(plan.tasks) == 0:
            raise UserError("the collections", "hold no photos", "give a folder with pictures")
    except OSError as error:
        raise cannot_write(folder, error) from error
    except UserError:
        _leave_nothing(folder)
        raise
    return plan


def _leave_nothing(folder: Path) -> None:
    """Remove the plan that could not be made, and `folder` where nothing else lies in it."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def read_task(folder: Path, task: Task) -> Iterator[Planned]:
    """Yield the photos of `task` from the plan in `folder`."""
    with (folder / FOLDER / _ENTRIES).open("rb") as stream:
        stream.seek(task.start)
        for _ in range(task.count):
            yield _read(json.loads(stream.readline())[1:])


def _spread(entries: Iterable[PhotoEntry], recipe: Recipe, folder: Path, refused: frozenset[str]) -> People:
    """Write every entry to the file of the first bits of its hash; return the people."""
    people = People()
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context((folder / str(number)).open("wb")) for number in range(_FILES)]
        for entry in entries:
            digest = hashlib.blake2b(f"{recipe.seed}\0{entry.key}".encode(), digest_size=8).hexdigest()
            out = is_refused(entry.person, refused)
            if not out:
                people.add(entry if not recipe.by_names else replace(entry, split=""))
            people.listed += 1
            line = json.dumps([digest, out, *asdict(entry).values()], ensure_ascii=False)
            files[int(digest[:2], 16) * _FILES // 256].write(line.encode() + b"\n")
    return people


def _read(values: list[Any]) -> Planned:
    out, *rest = values
    told = dict(zip(_FIELDS, rest, strict=True))
    return Planned(PhotoEntry(**told | {"box": told["box"] and tuple(told["box"])}), out)


def _written(stream: BinaryIO, recipe: Recipe, folder: Path, people: People) -> Plan:
    held, digest = people.held_out(recipe), hashlib.sha256()
    size = _shard_size(people.listed, recipe)
    tasks: list[Task] = []
    for split in _HELD_OUT_FIRST:
        start = count = 0
        for line in _of_split(folder, split, held):
            if count == size:
                tasks.append(Task(len(tasks), split, start, count))
                count = 0
            start = start if count else stream.tell()
            count += 1
            stream.write(line)
            digest.update(_meaning(line))
        if count:
            tasks.append(Task(len(tasks), split, start, count))
    single = sum(1 for number in people.photos.values() if number == 1)
    return Plan(tuple(tasks), sum(task.count for task in tasks), digest.hexdigest(), single)


def _shard_size(photos: int, recipe: Recipe) -> int:
    """Return how many photos make a shard: fewer for a small collection, so that every process has some."""
    return min(recipe.shard, max(_LEAST, -(-photos // _PARTS)))


def _of_split(folder: Path, split: Split, held: frozenset[str]) -> Iterator[bytes]:
    """Yield the lines of `split` in the order of their hashes; a key listed twice is a `UserError`."""
    for number in range(_FILES):
        before = ""
        for line in sorted((folder / str(number)).read_bytes().splitlines(keepends=True)):
            _, _, key, _, identity = json.loads(line)[:5]
            if key == before:
                raise UserError(key, "is listed twice", "give every collection once, in folders of different names")
            before = key
            if split_of(identity, held) == split:
                yield line


def _meaning(line: bytes) -> bytes:
    """Return what of a line the data set depends on: all but the place of the file."""
    digest, out, key, source, identity, *rest = json.loads(line)
    return json.dumps([digest, out, key, source, identity, rest[4:]]).encode()
