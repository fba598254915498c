"""Making shards one after another, in several processes, or on a cluster: each yields what is finished."""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from microface.errors import UserError
from microface.photos.prepare.cluster import made_on_cluster
from microface.photos.prepare.plan import Task
from microface.photos.prepare.worker import Job, Made, begin, make_shard

_LOOK = 0.3
"""Seconds between two looks at how many photos the processes have done."""
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Workers:
    """Who works: so many processes here, or the cluster of Ray at an address ("local" starts one here)."""

    processes: int = 1
    cluster: str = ""


def made(tasks: Sequence[Task], job: Job, workers: Workers, tell: Tell) -> Iterator[Made]:
    """Make the shards of `tasks`, yielding each when it is finished; `tell` hears the number of photos done so far."""
    if not tasks:
        return iter(())
    if workers.cluster:
        return _telling(made_on_cluster(tasks, job, workers.cluster, workers.processes), tell)
    if min(workers.processes, len(tasks)) < 2:
        return _made_here(tasks, job, tell)
    return _made_by_processes(tasks, job, min(workers.processes, len(tasks)), tell)


def _telling(shards: Iterator[Made], tell: Tell) -> Iterator[Made]:
    done = 0
    for shard in shards:
        done += shard.photos
        tell(done)
        yield shard


def _made_here(tasks: Sequence[Task], job: Job, tell: Tell) -> Iterator[Made]:
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        tell(done)

    for task in tasks:
        yield make_shard(job, task, told)


def _made_by_processes(tasks: Sequence[Task], job: Job, processes: int, tell: Tell) -> Iterator[Made]:
    context = multiprocessing.get_context("spawn")
    stop, count = context.Event(), context.Value("q", 0)
    pool = ProcessPoolExecutor(processes, context, begin, (stop, count))
    try:
        with _not_interrupted():
            futures = {pool.submit(make_shard, job, task) for task in tasks}
        while futures:
            finished, futures = wait(futures, _LOOK, FIRST_COMPLETED)
            tell(count.value)
            yield from (future.result() for future in finished)
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
