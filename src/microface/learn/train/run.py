"""One training run in one folder: config.json, last.pt (to go on), best.pt (averaged weights), history.json."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from microface import files
from microface.console import errors
from microface.errors import UserError
from microface.learn import nets
from microface.learn.train import checkpoint, schedule
from microface.learn.train.averaging import Average
from microface.learn.train.board import Board
from microface.learn.train.checkpoint import Position
from microface.learn.train.config import TrainConfig, save_config
from microface.learn.train.data import Photos, open_photos
from microface.learn.train.feed import feed_of
from microface.learn.train.losses import Lesson, Subject, Total
from microface.learn.train.optimise import optimizer_of
from microface.learn.train.place import CPU, Where
from microface.learn.train.schedule import View
from microface.learn.train.team import Team
from microface.learn.train.validate import check, embed

SAVE_EVERY = 180.0
"""Seconds of training between two checkpoints."""


class Run:
    """A run that trains, or goes on training, until its config's epochs or minutes are over."""

    def __init__(
        self, config: TrainConfig, folder: Path, team: Team | None = None, where: Where = CPU, board: bool = False
    ) -> None:
        self.config, self.folder, self.team, self.where = config, folder, team or Team(), where
        _require_rows(config.batch, self.team.size)
        where.prepare(config.seed)
        self.options = nets.options_of(config.net, config.options)
        self.network = where.put(self._begun(nets.build(config.net, self.options)))
        self.average = Average(self.network, config.averaging)
        self.training, self.held_out = open_photos(Path(config.data), self.options.embedding, config.projection)
        if self.team.leads and (self.held_out.people < 0).all():
            told = f"nobody is held out, so {len(self.held_out):,} photos are, by their keys: "
            errors.print(told + "the best checkpoint is the one nearest to the teacher", soft_wrap=True)
        self.losses = Total(config.terms, _subject(self.training, self.options.embedding)).to(where.device)
        self.optimizer = optimizer_of((self.network, self.losses), config)
        self.feed = feed_of(self.training, config, self.team, where, self.options.input_size)
        self.board = Board(folder, board and self.team.leads)
        self.position = Position()
        self._clock = self._saved = time.monotonic()
        self._recent: list[float] = []
        self._unread: Tensor | None = None

    def _begun(self, network: nn.Module) -> nn.Module:
        """Return `network` with the weights that the run begins with; say which layers begin anew."""
        if self.config.init:
            dropped = checkpoint.begin_with(network, Path(self.config.init))
            if dropped and self.team.leads:
                told = f"begun with {self.config.init}; these layers have another shape and begin anew: "
                errors.print(told + ", ".join(dropped), soft_wrap=True)
        return network

    @property
    def share(self) -> float:
        """The share of the run that is done, 0..1."""
        return self.share_at(self.position.step)

    def share_at(self, step: int) -> float:
        """Return the share of the run done at `step` (or now, when the run goes by minutes)."""
        if self.config.minutes:
            return min(1.0, self.position.seconds / (60 * self.config.minutes))
        return min(1.0, step / max(1, round(self.config.epochs * self.feed.batches)))

    @property
    def over(self) -> bool:
        """Whether the run is at its end, or has not become better for as many checks as it may."""
        return self.share >= 1 or 0 < self.config.patience <= self.position.stale

    def resume(self) -> bool:
        """Take over `last.pt` of the folder where there is one; say whether there was."""
        path = self.folder / "last.pt"
        if not path.exists():
            return False
        content = checkpoint.load(path)
        self.network.load_state_dict(content["network"])
        self.average.module.load_state_dict(content["average"])
        self.losses.load_state_dict(content.get("losses", {}))
        self.optimizer.load_state_dict(content["optimizer"])
        self.position = Position(**content["position"])
        if content["photos"] != len(self.training):  # the data set has grown: begin an epoch of the new one
            self.position.epoch, self.position.batch = self.position.epoch + 1, 0
        return True

    def save(self) -> None:
        """Write `last.pt` and the history; the settings first, so that no checkpoint is without them."""
        save_config(self.config, self.folder / "config.json")
        position = asdict(self.position)
        content = {"network": self.network.state_dict(), "average": self.average.module.state_dict()}
        content |= {"optimizer": self.optimizer.state_dict(), "position": position, "photos": len(self.training)}
        checkpoint.save(self.folder / "last.pt", content | {"losses": self.losses.state_dict()})
        files.write_json(self.folder / "history.json", self.position.history)

    def train(self, stop_after: float = math.inf) -> Position:
        """Train to the end of the run, or for about `stop_after` seconds; return the last position.

        A loss that is no number ends the run by a `UserError`; `last.pt` is then from before.
        """
        self._clock = self._saved = time.monotonic()
        until = self.position.seconds + stop_after
        with self.team.progress() as bar:
            task = bar.add_task("training", total=1000)
            for lesson in self._lessons():
                loss = self._read(self._timed_step(lesson))
                bar.update(task, completed=int(1000 * self.share), description=f"training, loss {loss:.3f}")
                if self.team.leads:
                    self._look_after(loss)
                if self.position.seconds >= until:
                    break
        if self.team.leads:
            self._read(None)
            self.save()
        return self.position

    def _look_after(self, loss: float) -> None:
        """Check and save when it is time to."""
        self._recent.append(loss)
        if self._check_due():
            self._read(None)
            self._check(self._recent)
            self._recent = []
        if time.monotonic() - self._saved > SAVE_EVERY:
            self._read(None)
            self.save()
            self._saved = time.monotonic()

    def _lessons(self) -> Iterator[Lesson]:
        """Yield lessons, epoch after epoch, until the run is over."""
        while not self.over:
            start = self.position.step - self.position.batch
            for lesson in self.feed.lessons(self.position.epoch, self.position.batch, self._views_from(start)):
                yield lesson
                if self.over:
                    return
            self.position.epoch, self.position.batch = self.position.epoch + 1, 0

    def _views_from(self, start: int) -> Callable[[int], View]:
        """Return the view of each batch of an epoch that began at step `start`."""
        size = self.options.input_size
        return lambda number: schedule.view(self.config, self.share_at(start + number), size)

    def _timed_step(self, lesson: Lesson) -> Tensor:
        now, position = time.monotonic(), self.position
        loss, seconds = self._step(lesson, now - self._clock)
        position.step, position.batch = position.step + 1, position.batch + 1
        position.photos += self.config.batch
        position.seconds, self._clock = position.seconds + seconds, now
        return loss

    def _step(self, lesson: Lesson, seconds: float) -> tuple[Tensor, float]:
        """Learn from `lesson`; return the loss and the `seconds` since the last step, both as the team's mean."""
        for group in self.optimizer.param_groups:
            group["lr"] = schedule.rate(self.config, self.share)
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss(lesson)
        loss.backward()
        loss, seconds = self._met(loss.detach(), seconds)
        if self.config.clip > 0:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        if not self.where.on_gpu:
            self._require_number(float(loss))
        self.optimizer.step()
        if self.team.leads:
            self.average.update(self.network, self.position.step)
        return loss, seconds

    def _met(self, loss: Tensor, seconds: float) -> tuple[Tensor, float]:
        """Bring the gradients of the team together; return the means of `loss` and `seconds`."""
        if self.team.size == 1:
            return loss, seconds
        learners = (self.network, self.losses)
        gradients = [p.grad for module in learners for p in module.parameters() if p.grad is not None]
        value, seconds = self.team.mean(gradients, [float(loss), seconds])
        return torch.tensor(value), seconds

    def _read(self, loss: Tensor | None) -> float:
        """Return the value of `loss`; on a GPU that of the step before, so that the host never waits (None: of all)."""
        if self.where.on_gpu and loss is not None:
            loss, self._unread = self._unread, loss
            value = loss if loss is not None else self._unread
        else:
            value, self._unread = loss if loss is not None else self._unread, None
        if value is None:
            return 0.0
        self._require_number(float(value))
        return float(value)

    def _require_number(self, loss: float) -> None:
        if not math.isfinite(loss):
            last, what = self.folder / "last.pt", f"the loss at step {self.position.step} is not a number"
            place, state = (last, "is good, but") if last.exists() else (self.folder, "has no checkpoint yet:")
            raise UserError(place, f"{state} {what}", "start again with a lower --rate")

    def _loss(self, lesson: Lesson) -> Tensor:
        with self.where.quick():
            student = self.network(lesson.x)
        total: Tensor = self.losses(student, lesson, self.share)
        return total

    def _check_due(self) -> bool:
        done = len(self.position.history)
        return self.share >= min(1.0, (done + 1) / self.config.checks)

    def _check(self, losses: list[float]) -> None:
        """Measure the averaged network on held-out people; keep it where it is the best so far."""
        size, device = self.options.input_size, self.where.device
        result = check(embed(self.average.module, self.held_out, size, device=device), self.held_out)
        position = self.position
        entry = {"share": self.share, "step": position.step, "photos": position.photos, "seconds": position.seconds}
        entry |= {"rate": schedule.rate(self.config, self.share), "loss": sum(losses) / max(1, len(losses))}
        entry |= {} if result.cosine is None else {"cosine": result.cosine}
        entry |= {} if result.agreement is None else {"agreement": result.agreement}
        entry |= {f"tar@{name}": value for name, value in result.tar.items()}
        position.history.append(entry)
        self.board.add(entry, position.photos)
        errors.log(", ".join(f"{name} {value:.4g}" for name, value in entry.items()))
        position.stale += 1
        if result.goal > position.best:
            position.best, position.stale = result.goal, 0
            checkpoint.save(self.folder / "best.pt", {"network": self.average.module.state_dict()})
            checkpoint.save_compact(self.folder / "compact.pt", self.average.module)
        self.save()


def _require_rows(batch: int, members: int) -> None:
    """Refuse a batch that leaves a process a single photo: statistics of one are none."""
    if batch < 2 * members:
        raise UserError(f"batch {batch}", f"is too small for {members} processes", f"use {2 * members} or more")


def _subject(training: Photos, embedding: int) -> Subject:
    return Subject(embedding, torch.from_numpy(training.targets), torch.from_numpy(training.people))
