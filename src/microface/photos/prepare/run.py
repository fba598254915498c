"""Running a preparation: resumable, in several processes, readable while it runs."""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

from microface.console import progress
from microface.errors import UserError
from microface.photos.dataset import Dataset, Manifest, ShardInfo, unit
from microface.photos.dataset.manifest import NAME
from microface.photos.layouts import PhotoEntry, list_photos
from microface.photos.prepare.recipe import Recipe, Task, shard_tasks
from microface.photos.prepare.worker import begin, make_shard
from microface.photos.teacher import Teacher


def prepare(sources: Sequence[Path], recipe: Recipe, folder: Path, workers: int = 1) -> Manifest:
    """Prepare the photos of `sources` into the data set `folder` and return its manifest.

    Every finished shard is in the manifest at once, so a trainer may begin and an interrupted run goes on where it
    stopped; a folder that holds something else is a `UserError`.
    """
    entries = _listed(sources)
    teacher = Teacher(recipe.teacher)
    tasks = shard_tasks(entries, recipe)
    about = {"file": recipe.teacher.name, "sha256": teacher.sha256, "dimensions": teacher.dimensions}
    identifier = recipe.identifier(entries, teacher.sha256)
    fresh = Manifest(recipe.preprocess, about, recipe.to_json(), identifier, len(entries), len(tasks))
    manifest = _begun(folder, fresh)
    return _make_all(tasks, manifest, recipe, folder, workers)


def _listed(sources: Sequence[Path]) -> list[PhotoEntry]:
    entries = [entry for source in sources for entry in list_photos(source)]
    keys: set[str] = set()
    for entry in entries:
        if entry.key in keys:
            raise UserError(entry.key, "is listed twice", "give every collection once, in folders of different names")
        keys.add(entry.key)
    return entries


def _begun(folder: Path, fresh: Manifest) -> Manifest:
    """Return the manifest to go on with: that in `folder`, without shards that are damaged, or a new one."""
    if not (folder / NAME).is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise UserError(folder, "is not empty and holds no data set", "choose another folder")
        fresh.save(folder)
        return fresh
    old = Manifest.load(folder)
    if old.recipe_id != fresh.recipe_id:
        raise UserError(folder, "holds a data set made of other photos or in another way", "choose another folder")
    return _intact(folder, fresh)


def _intact(folder: Path, fresh: Manifest) -> Manifest:
    for shard in Dataset.open(folder, verify=False).shards:
        try:
            shard.verify()
        except UserError:  # it is made again
            continue
        fresh = fresh.with_shard(shard.info)
    fresh.save(folder)
    return fresh


def _make_all(tasks: Sequence[Task], manifest: Manifest, recipe: Recipe, folder: Path, workers: int) -> Manifest:
    done = {shard.number for shard in manifest.shards}
    with progress() as bar:
        shown = bar.add_task("preparing photos", total=manifest.photos)
        bar.advance(shown, sum(len(task.entries) for task in tasks if task.number in done))
        for split in ("held_out", "train"):
            left = [task for task in tasks if task.split == split and task.number not in done]
            for task, shard in _made(left, recipe, folder, _held_out(folder), workers):
                manifest = manifest.with_shard(shard)
                manifest.save(folder)
                bar.advance(shown, len(task.entries))
    return manifest


def _held_out(folder: Path) -> np.ndarray:
    """Return the unit embeddings [M, D] of the held-out photos in the finished shards."""
    data = Dataset.open(folder, verify=False)
    parts = [shard.embeddings for shard in data.shards if "held_out" in shard.info.splits]
    empty = np.zeros((0, data.manifest.teacher["dimensions"]), np.float32)
    return unit(np.concatenate([empty, *parts]))


def _made(
    tasks: Sequence[Task], recipe: Recipe, folder: Path, held_out: np.ndarray, workers: int
) -> Iterator[tuple[Task, ShardInfo]]:
    """Make the shards of `tasks`, yielding each as it is finished."""
    if min(workers, len(tasks)) < 2:
        yield from ((task, make_shard(recipe, folder, task, held_out)) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, begin, (stop,))
    try:
        with _not_interrupted():
            futures = {pool.submit(make_shard, recipe, folder, task, held_out): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool as error:
        raise UserError("a worker", "was ended by the system, perhaps for memory", "use fewer --workers") from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _not_interrupted() -> Iterator[None]:
    """Start processes deaf to interrupts from the keyboard, which only this one hears: it stops them between photos."""
    if threading.current_thread() is not threading.main_thread():  # no other thread may set signals
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
