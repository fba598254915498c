"""Lessons for the network: by OpenCV on the host, or with all crops in the device's memory and torch's arithmetic."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from microface.errors import UserError
from microface.learn.teacher import TorchTeacher, read_teacher
from microface.learn.train.config import Augmentation, TrainConfig
from microface.learn.train.data import Batch, Loader, Photos, rows_of
from microface.learn.train.losses import Lesson
from microface.learn.train.place import Where
from microface.learn.train.schedule import Size, View
from microface.learn.train.team import Team
from microface.learn.train.validate import to_input
from microface.learn.train.views import Views

_SHARE_OF_MEMORY = 0.6
"""Largest share of a GPU's free memory that the crops may take; otherwise they stay in the host's."""


class Feed(Protocol):
    """Gives the lessons of an epoch in order; the same place gives the same lesson."""

    batches: int

    def lessons(self, epoch: int, first: int, view: Callable[[int], View]) -> Iterator[Lesson]:
        """Yield the lessons of `epoch` from batch `first` on; `view` says how batch number so-and-so is shown."""
        ...


class HostFeed:
    """Crops changed one by one by OpenCV in a thread, for few processor cores; the teacher's embeddings are stored."""

    def __init__(self, photos: Photos, config: TrainConfig, team: Team, where: Where) -> None:
        only = config.augmentation.on_device_only
        if only or config.teacher:
            what = f"augmentation {only[0]}" if only else "a live teacher"
            raise UserError(what, "is not made by the host pipeline", "add --pipeline device")
        self.where, self.loader = where, Loader(photos, config, team.number, team.size)
        self.batches = self.loader.batches

    def lessons(self, epoch: int, first: int, view: Callable[[int], View]) -> Iterator[Lesson]:
        """Yield the lessons of `epoch` from batch `first` on."""
        for batch in self.loader.epoch(epoch, first, view):
            yield self._lesson(batch)

    def _lesson(self, batch: Batch) -> Lesson:
        device = self.where.device
        arrays = torch.from_numpy(batch.targets), torch.from_numpy(batch.people)
        return Lesson(to_input(batch.crops).to(device), *(array.to(device) for array in arrays))


class DeviceFeed:
    """All crops as bytes on the device, changed there by batches; a live teacher sees the very same views."""

    def __init__(self, photos: Photos, config: TrainConfig, team: Team, where: Where, full: Size) -> None:
        self.photos, self.config, self.team, self.where = photos, config, team, where
        self.batches = len(photos) // config.batch
        if self.batches == 0:
            raise UserError(config.data, f"has only {len(photos)} photos to train on", f"a batch needs {config.batch}")
        self.crops = resident(photos, where)
        self.targets = torch.from_numpy(photos.targets).to(where.device)
        self.people = torch.from_numpy(photos.people).to(where.device)
        self.views = Views(tuple(self.crops.shape[1:3]), photos.content, full, where.device)
        self.teacher = _teacher(config, photos, where)

    def lessons(self, epoch: int, first: int, view: Callable[[int], View]) -> Iterator[Lesson]:
        """Yield the lessons of `epoch` from batch `first` on."""
        for number in range(first, self.batches):
            yield self.lesson(epoch, number, view(number))

    @torch.no_grad()
    def lesson(self, epoch: int, number: int, view: View) -> Lesson:
        """Return this process's part of batch `number` of `epoch`, shown by `view`."""
        config = self.config
        pieces = np.array_split(rows_of(self.photos, config, (epoch, number)), self.team.size)
        rows = torch.from_numpy(np.concatenate([*pieces[self.team.number :], *pieces[: self.team.number]]))
        own = rows[: len(pieces[self.team.number])]
        random = np.random.default_rng((config.seed, epoch, number, self.team.number))
        crops = self.crops[own.to(self.crops.device)].to(self.where.device, non_blocking=True)
        settings = config.augmentation.scaled(view.strength)
        seen, mixed = self.views.of(crops, settings, random)
        rows = rows.to(self.where.device)
        people = self.people[rows[: len(own)]].masked_fill(mixed, -1)
        targets = self.targets[rows] if self.teacher is None else self._taught(seen)
        return Lesson(self.views.for_student(seen, view.size), targets, people)

    def _taught(self, seen: Tensor) -> Tensor:
        """Return the teacher's embeddings of the views, own ones first, then those of the team's other parts."""
        assert self.teacher is not None
        return self.team.rows(self.teacher.targets(seen, self.where))


def feed_of(photos: Photos, config: TrainConfig, team: Team, where: Where, full: Size) -> "HostFeed | DeviceFeed":
    """Return the feed that the config's pipeline asks for; `full` is (height, width) of the network's input."""
    on_device = config.pipeline == "device" or (config.pipeline == "auto" and where.on_gpu)
    return DeviceFeed(photos, config, team, where, full) if on_device else HostFeed(photos, config, team, where)


def resident(photos: Photos, where: Where) -> Tensor:
    """Return the crops uint8 [N, H, W, 3] in the device's memory, or in the host's where they do not fit."""
    height, width = photos.shards[0].shape[1:3]
    shape = (len(photos), height, width, 3)
    device = where.device if _fits(shape, where) else torch.device("cpu")
    crops = torch.empty(shape, dtype=torch.uint8, device=device)
    for number, shard in enumerate(photos.shards):
        places = np.flatnonzero(photos.index[:, 0] == number)
        if len(places):
            crops[torch.from_numpy(places).to(device)] = torch.from_numpy(shard[photos.index[places, 1]]).to(device)
    return crops


def _fits(shape: tuple[int, ...], where: Where) -> bool:
    if not where.on_gpu:
        return True
    free, _ = torch.cuda.mem_get_info(where.device)
    return int(np.prod(shape)) < _SHARE_OF_MEMORY * free


class _LiveTeacher:
    """A teacher that embeds the views of a lesson, projected as the stored targets are."""

    def __init__(self, teacher: TorchTeacher, directions: np.ndarray | None, device: torch.device) -> None:
        self.teacher = teacher.to(device)
        self.directions = None if directions is None else torch.from_numpy(directions).to(device)

    def targets(self, seen: Tensor, where: Where) -> Tensor:
        """Return targets [N, D] of length 1 of the views `seen` float32 [N, 3, H, W] in 0..255."""
        with where.quick():
            embeddings = self.teacher.of_views(seen)
        unit = torch.nn.functional.normalize(embeddings.float())
        return unit if self.directions is None else torch.nn.functional.normalize(unit @ self.directions)


def _teacher(config: TrainConfig, photos: Photos, where: Where) -> _LiveTeacher | None:
    """Return the live teacher of `config`; one of another shape than the stored embeddings is a `UserError`."""
    if not config.teacher:
        return None
    path, teacher = Path(config.teacher), read_teacher(Path(config.teacher))
    if photos.content[0] != photos.content[1]:
        raise UserError(path, "reads aligned faces, the data set has others", "leave --teacher out")
    wanted = photos.targets.shape[1] if photos.directions is None else photos.directions.shape[0]
    if teacher.dimensions != wanted:
        raise UserError(
            path, f"gives {teacher.dimensions} values, the data set holds {wanted}", "prepare it with this teacher"
        )
    return _LiveTeacher(teacher, photos.directions, where.device)


__all__ = ["Augmentation", "DeviceFeed", "Feed", "HostFeed", "feed_of", "resident"]
