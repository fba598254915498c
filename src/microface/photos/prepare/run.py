"""Running a preparation: resumable, in several processes or on a cluster, readable while it runs."""

import functools
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.progress import Progress, TaskID

from microface.console import progress
from microface.errors import UserError
from microface.photos.dataset import Dataset, Manifest, Split
from microface.photos.dataset.manifest import NAME
from microface.photos.layouts import PhotoEntry, iter_photos
from microface.photos.prepare import plan, refuse
from microface.photos.prepare.plan import Plan, make_plan
from microface.photos.prepare.pool import Workers, made
from microface.photos.prepare.recipe import Recipe
from microface.photos.prepare.tidy import tidy
from microface.photos.prepare.worker import Job
from microface.photos.preprocess import Preprocess
from microface.photos.teacher import Teacher

_SPLITS: tuple[Split, ...] = ("held_out", "train")


@dataclass(frozen=True)
class Source:
    """A collection of photos: where it lies, and the name of its layout ("": it is recognised)."""

    path: Path
    layout: str = ""

    def photos(self) -> Iterator[PhotoEntry]:
        """Yield its photos."""
        return iter_photos(self.path, self.layout)


@dataclass
class Effort:
    """What a run cost: photos looked at, and each stage's seconds of processor time, added over all processes."""

    photos: int = 0
    seconds: Counter[str] = field(default_factory=Counter)
    single: int = 0
    """People with one photo only."""
    numbered: int = 0
    """Photos of people that are known by a number only, counted where people are refused: no name tells of them."""


def prepare(
    sources: Sequence[Source],
    recipe: Recipe,
    folder: Path,
    workers: Workers | None = None,
    effort: Effort | None = None,
) -> Manifest:
    """Prepare the photos of `sources` into the data set `folder` and return its manifest.

    Every finished shard is in the manifest at once, so a trainer may begin and an interrupted run goes on where it
    stopped; a folder that holds something else is a `UserError`. What the run cost is added to `effort`.
    """
    workers, effort = workers or Workers(), effort or Effort()
    teacher = Teacher(recipe.teacher)
    _check_free(folder)
    names, refused_id = _refused(recipe)
    entries = (entry for source in sources for entry in source.photos())
    planned = make_plan(_counted(entries, effort) if names else entries, recipe, folder, names)
    effort.single = planned.single
    manifest = _begun(folder, _fresh(planned, recipe, teacher, refused_id))
    if not manifest.complete:
        if recipe.refuse:
            _look_at_refused(recipe, folder, workers)
        manifest = _make_all(planned, manifest, Job(recipe, folder, _shards_held_out(planned)), workers, effort)
        manifest = manifest if manifest.tidied else tidy(folder, manifest, recipe)
    for name in (plan.FOLDER, refuse.FOLDER):
        shutil.rmtree(folder / name, ignore_errors=True)
    return manifest


def _check_free(folder: Path) -> None:
    there = folder.iterdir() if folder.is_dir() and not (folder / NAME).is_file() else ()
    if any(not path.name.startswith(".") for path in there):
        raise UserError(folder, "is not empty and holds no data set", "choose another folder")


def _refused(recipe: Recipe) -> tuple[frozenset[str], str]:
    """Return the plain names of the people to refuse, and a digest of their photos."""
    names: set[str] = set()
    digest = hashlib.sha256()
    for source in recipe.refuse:
        names |= refuse.names_in(_noted(iter_photos(source), digest))
    return frozenset(names), digest.hexdigest()


def _counted(entries: Iterable[PhotoEntry], effort: Effort) -> Iterator[PhotoEntry]:
    for entry in entries:
        effort.numbered += bool(entry.person) and refuse.is_number(entry.person)
        yield entry


def _noted(entries: Iterable[PhotoEntry], digest: "hashlib._Hash") -> Iterator[PhotoEntry]:
    for entry in entries:
        digest.update(f"{entry.key}\0{entry.identity}\n".encode())
        yield entry


def _look_at_refused(recipe: Recipe, folder: Path, workers: Workers) -> None:
    """Embed the photos of the people to refuse into a data set of their own, which is deleted at the end."""
    small = Preprocess.aligned(16)  # only embeddings are wanted
    own = Recipe(small, recipe.teacher, recipe.search, held_out=0, shard=recipe.shard, same=0)
    prepare([Source(path) for path in recipe.refuse], own, folder / refuse.FOLDER, workers)


def _fresh(planned: Plan, recipe: Recipe, teacher: Teacher, refused_id: str) -> Manifest:
    about = {"file": recipe.teacher.name, "sha256": teacher.sha256, "dimensions": teacher.dimensions}
    parts = [recipe.to_json(), teacher.sha256, planned.digest, refused_id]
    identifier = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    words, shards = recipe.to_json(), len(planned.tasks)
    return Manifest(recipe.preprocess, about, words, identifier, planned.photos, shards, tidied=False)


def _begun(folder: Path, fresh: Manifest) -> Manifest:
    """Return the manifest to go on with: that in `folder`, without shards that are damaged, or a new one."""
    if not (folder / NAME).is_file():
        fresh.save(folder)
        return fresh
    old = Manifest.load(folder)
    if old.recipe_id != fresh.recipe_id:
        raise UserError(folder, "holds a data set made of other photos or in another way", "choose another folder")
    return _intact(folder, old, fresh)


def _intact(folder: Path, old: Manifest, fresh: Manifest) -> Manifest:
    for shard in Dataset.open(folder, verify=False).shards:
        try:
            shard.verify()
        except UserError:  # it is made again
            continue
        fresh = fresh.with_shard(shard.info)
    fresh = replace(fresh, tidied=old.tidied and len(fresh.shards) == len(old.shards))
    fresh.save(folder)
    return fresh


def _shards_held_out(planned: Plan) -> int:
    return sum(task.split == "held_out" for task in planned.tasks)


def _make_all(planned: Plan, manifest: Manifest, job: Job, workers: Workers, effort: Effort) -> Manifest:
    """Make the shards that are not in `manifest` yet: all of held-out people before the others."""
    done = {shard.number for shard in manifest.shards}
    with progress() as bar:
        shown = bar.add_task("preparing photos", total=manifest.photos)
        before = sum(task.count for task in planned.tasks if task.number in done)
        bar.update(shown, completed=before)
        for split in _SPLITS:
            left = [task for task in planned.tasks if task.split == split and task.number not in done]
            tell = functools.partial(_show, bar, shown, before + effort.photos)
            for shard in made(left, job, workers, tell):
                manifest = manifest.with_shard(shard.info)
                manifest.save(job.folder)
                effort.photos += shard.photos
                effort.seconds.update(shard.seconds)
    return manifest


def _show(bar: Progress, task: TaskID, before: int, count: int) -> None:
    bar.update(task, completed=before + count)
