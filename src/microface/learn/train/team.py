"""Processes of one thread each that share every batch: on few cores quicker than threads inside each layer.

Layers of small networks take under a millisecond, so threads inside them mostly wait for one another (measured on two
busy cores: 1.0 core used of 2). Here each process computes its part of the batch and only the gradients meet.
"""

import os
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
from microface.errors import UserError
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
        """Put the mean over the team into `tensors` (at least one) in place; return the means of `figures`."""
        if self.size == 1:
            return figures
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        numbers = torch.tensor(figures, dtype=torch.float64, device=flat.device)
        dist.all_reduce(flat)
        dist.all_reduce(numbers)
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_((part / self.size).view_as(tensor))
        return (numbers / self.size).tolist()

    def rows(self, own: Tensor) -> Tensor:
        """Return `own` [N, D], then the other members' tensors in the order of their numbers after this one's."""
        if self.size == 1:
            return own
        counts = [torch.zeros(1, dtype=torch.long, device=own.device) for _ in range(self.size)]
        dist.all_gather(counts, torch.tensor([len(own)], device=own.device))
        most = max(int(count) for count in counts)
        padded = torch.cat([own, own.new_zeros(most - len(own), own.shape[1])])
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        dist.all_gather(parts, padded)
        cut = [part[: int(count)] for part, count in zip(parts, counts, strict=True)]
        return torch.cat([own, *cut[self.number + 1 :], *cut[: self.number]])


@contextmanager
def gathered(size: int, work: Callable[..., object], *arguments: Any) -> Iterator[Team]:
    """Start `size` - 1 processes that call `work(team, *arguments)`; yield the leading member of the team.

    `work` is a function of a module; the others end when the leader's context does. Under torchrun the processes are
    there already: each of them gets its own membership, whatever `size` says.
    """
    if launched():
        yield from _launched()
        return
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


def launched() -> bool:
    """Say whether torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def _launched() -> Iterator[Team]:
    """Yield this process's membership in the team that torchrun started, by NCCL on GPUs and Gloo elsewhere."""
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Team(dist.get_rank(), dist.get_world_size())
        dist.barrier()
    finally:
        dist.destroy_process_group()


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
    except (RuntimeError, KeyboardInterrupt, UserError):  # the leader meets the same one and tells it
        return


def _dismiss(others: list[Any]) -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
    for process in others:
        process.join(timeout=5)
        if process.is_alive():
            process.terminate()
