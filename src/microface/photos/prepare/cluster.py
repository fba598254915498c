"""Making shards on a cluster through Ray Data: the same code as in a process here, one shard at a time per actor.

All machines must see the photos and the folder of the data set under the same names (a shared file system).
"""

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from microface.errors import UserError
from microface.photos.prepare.plan import Task
from microface.photos.prepare.worker import Job, Made, Worker

if TYPE_CHECKING:
    import numpy as np

LOCAL = "local"
_ACTOR: dict[str, Any] = {"num_cpus": 1, "max_restarts": 0}
"""An actor that dies has usually run out of memory; the run ends and goes on with the shards that are finished."""


class ShardMaker:
    """An actor: loads the networks once, then makes the shards whose numbers it is given."""

    def __init__(self, job: Job, tasks: dict[int, Task]) -> None:
        self._worker, self._tasks = Worker(job), tasks

    def __call__(self, batch: "dict[str, np.ndarray]") -> dict[str, list[Any]]:
        """Make the shards of a batch `{"number": [...]}`; what users should read comes back instead of being raised."""
        return {"made": [self._made(int(number)) for number in batch["number"]]}

    def _made(self, number: int) -> Made | UserError:
        try:
            return self._worker.make(self._tasks[number], lambda: None)
        except UserError as error:
            return error


def made_on_cluster(tasks: Sequence[Task], job: Job, address: str, actors: int) -> Iterator[Made]:
    """Make the shards of `tasks` with up to `actors` actors on the Ray cluster at `address`, yielding each."""
    data = _ray(address)
    numbers = data.from_items([{"number": task.number} for task in tasks], override_num_blocks=len(tasks))
    arguments = (job, {task.number: task for task in tasks})
    import ray

    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=max(1, min(actors, len(tasks))))
    results = numbers.map_batches(ShardMaker, fn_constructor_args=arguments, batch_size=1, compute=pool, **_ACTOR)
    for row in results.iter_rows():
        if isinstance(row["made"], UserError):
            raise row["made"]
        yield row["made"]


def _ray(address: str) -> Any:
    """Return Ray Data, connected to the cluster at `address`."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        mend = 'install it with `pip install "microface[scale]"`'
        raise UserError("--cluster", "needs Ray", mend) from error
    try:
        if not ray.is_initialized():
            place: dict[str, Any] = {"address": address} if address != LOCAL else {"include_dashboard": False}
            ray.init(logging_level=logging.ERROR, log_to_driver=False, **place)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(f"--cluster {address}", "cannot be reached", "give its address, or local") from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray.data
