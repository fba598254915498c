"""Processes of one thread each that share every batch: on few cores quicker than threads inside each layer.

Layers of small networks take under a millisecond, so threads inside them mostly wait for one another (measured on two
busy cores: 1.0 core used of 2). Here each process computes its part of the batch and only the gradients meet.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from rich.progress import Progress
from torch import Tensor

from microface.console import progress
from microface.learn.tuning import prepare_process


@dataclass(frozen=True)
class Team:
    """One process among `size`; number 0 leads: it alone keeps time, checks and saves."""

    number: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that keeps time, checks and saves."""
        return self.number == 0

    def progress(self) -> Progress:
        """Return a progress display that only the leader shows."""
        display = progress()
        display.disable = not self.leads
        return display

    def mean(self, tensors: list[Tensor], figures: list[float]) -> list[float]:
        """Put the mean over the team into `tensors` in place; return the means of `figures`."""
        if self.size == 1:
            return figures
        flat, numbers = torch.cat([tensor.reshape(-1) for tensor in tensors]), torch.tensor(figures).double()
        dist.all_reduce(flat)
        dist.all_reduce(numbers)
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_((part / self.size).view_as(tensor))
        return (numbers / self.size).tolist()


@contextmanager
def gathered(size: int, work: Callable[..., object], *arguments: Any) -> Iterator[Team]:
    """Start `size` - 1 processes that call `work(team, *arguments)`; yield the leading member of the team.

    `work` is a function of a module; the others end when the leader's context does.
    """
    if size == 1:
        yield Team()
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = f"file://{Path(folder) / 'meeting'}"
        others = [_start(number, size, meeting, work, arguments) for number in range(1, size)]
        try:
            dist.init_process_group("gloo", init_method=meeting, rank=0, world_size=size)
            yield Team(0, size)
        finally:
            _dismiss(others)


def _start(number: int, size: int, meeting: str, work: Callable[..., object], arguments: tuple[Any, ...]) -> Any:
    context = mp.get_context("spawn")
    process = context.Process(target=_member, args=(number, size, meeting, work, arguments), daemon=True)
    process.start()
    return process


def _member(number: int, size: int, meeting: str, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    """Be a member that is not the leader; the leader's end (or error) ends it quietly."""
    prepare_process()
    dist.init_process_group("gloo", init_method=meeting, rank=number, world_size=size)
    try:
        work(Team(number, size), *arguments)
    except (RuntimeError, KeyboardInterrupt):
        return


def _dismiss(others: list[Any]) -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
    for process in others:
        process.join(timeout=5)
        if process.is_alive():
            process.terminate()
