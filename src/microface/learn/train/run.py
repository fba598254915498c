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
from microface.learn.train.checkpoint import Position
from microface.learn.train.config import TrainConfig
from microface.learn.train.data import Batch, Loader, open_photos
from microface.learn.train.losses import distillation
from microface.learn.train.schedule import View
from microface.learn.train.team import Team
from microface.learn.train.validate import check, embed, to_input

SAVE_EVERY = 180.0
"""Seconds of training between two checkpoints."""


class Run:
    """A run that trains, or goes on training, until its config's epochs or minutes are over."""

    def __init__(self, config: TrainConfig, folder: Path, team: Team | None = None) -> None:
        self.team = team or Team()
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        torch.manual_seed(config.seed)
        self.config, self.folder = config, folder
        self.options = nets.options_of(config.net, config.options)
        network = nets.build(config.net, self.options)
        if config.init:
            checkpoint.begin_with(network, Path(config.init))
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = Average(self.network, config.averaging)
        self.optimizer = _optimizer(self.network, config)
        self.training, self.held_out = open_photos(Path(config.data), self.options.embedding)
        self.loader = Loader(self.training, config, self.team.number, self.team.size)
        self.position = Position()
        self._clock = self._saved = time.monotonic()
        self._losses: list[float] = []

    @property
    def share(self) -> float:
        """The share of the run that is done, 0..1."""
        return self.share_at(self.position.step)

    def share_at(self, step: int) -> float:
        """Return the share of the run done at `step` (or now, when the run goes by minutes)."""
        if self.config.minutes:
            return min(1.0, self.position.seconds / (60 * self.config.minutes))
        return min(1.0, step / max(1, round(self.config.epochs * self.loader.batches)))

    def resume(self) -> bool:
        """Take over `last.pt` of the folder where there is one; say whether there was."""
        path = self.folder / "last.pt"
        if not path.exists():
            return False
        content = checkpoint.load(path)
        self.network.load_state_dict(content["network"])
        self.average.module.load_state_dict(content["average"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.position = Position(**content["position"])
        if content["photos"] != len(self.training):  # the data set has grown: begin an epoch of the new one
            self.position.epoch, self.position.batch = self.position.epoch + 1, 0
        return True

    def save(self) -> None:
        """Write `last.pt` and the history."""
        position = asdict(self.position)
        content = {"network": self.network.state_dict(), "average": self.average.module.state_dict()}
        content |= {"optimizer": self.optimizer.state_dict(), "position": position, "photos": len(self.training)}
        checkpoint.save(self.folder / "last.pt", content)
        files.write_json(self.folder / "history.json", self.position.history)

    def train(self) -> Position:
        """Train to the end of the run; return the last position. A loss that is no number ends it by a `UserError`."""
        self._clock = self._saved = time.monotonic()
        with self.team.progress() as bar:
            task = bar.add_task("training", total=1000)
            for batch in self._batches():
                loss = self._timed_step(batch)
                bar.update(task, completed=int(1000 * self.share), description=f"training, loss {loss:.3f}")
                if self.team.leads:
                    self._look_after(loss)
        if self.team.leads:
            self.save()
        return self.position

    def _look_after(self, loss: float) -> None:
        """Check and save when it is time to."""
        self._losses.append(loss)
        if self._check_due():
            self._check(self._losses)
            self._losses = []
        if time.monotonic() - self._saved > SAVE_EVERY:
            self.save()
            self._saved = time.monotonic()

    def _batches(self) -> Iterator[Batch]:
        """Yield batches, epoch after epoch, until the run is over."""
        while self.share < 1:
            start = self.position.step - self.position.batch
            views = self._views_from(start)
            for batch in self.loader.epoch(self.position.epoch, self.position.batch, views):
                yield batch
                if self.share >= 1:
                    return
            self.position.epoch, self.position.batch = self.position.epoch + 1, 0

    def _views_from(self, start: int) -> Callable[[int], View]:
        """Return the view of each batch of an epoch that began at step `start`."""
        side = self.options.resolution
        return lambda number: schedule.view(self.config, self.share_at(start + number), side)

    def _timed_step(self, batch: Batch) -> float:
        now, position = time.monotonic(), self.position
        loss, seconds = self._step(batch, now - self._clock)
        position.step, position.batch = position.step + 1, position.batch + 1
        position.photos += self.config.batch
        position.seconds, self._clock = position.seconds + seconds, now
        return loss

    def _step(self, batch: Batch, seconds: float) -> tuple[float, float]:
        """Learn from `batch`; return the loss and the `seconds` since the last step, both as the team's mean."""
        for group in self.optimizer.param_groups:
            group["lr"] = schedule.rate(self.config, self.share)
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss(self.network(to_input(batch.crops)), torch.from_numpy(batch.targets))
        loss.backward()
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        value, seconds = self.team.mean(gradients, [loss.item(), seconds])
        self._require_number(value)
        self.optimizer.step()
        if self.team.leads:
            self.average.update(self.network, self.position.step)
        return value, seconds

    def _require_number(self, loss: float) -> None:
        if not math.isfinite(loss):
            what = f"is good, but the loss at step {self.position.step} is not a number"
            raise UserError(self.folder / "last.pt", what, "start again with a lower --rate")

    def _loss(self, student: Tensor, teacher: Tensor) -> Tensor:
        return distillation(student, teacher, self.config.relation, self.config.temperature)

    def _check_due(self) -> bool:
        done = len(self.position.history)
        return self.share >= min(1.0, (done + 1) / self.config.checks)

    def _check(self, losses: list[float]) -> None:
        """Measure the averaged network on held-out people; keep it where it is the best so far."""
        result = check(embed(self.average.module, self.held_out, self.options.resolution), self.held_out)
        position = self.position
        entry = {"share": self.share, "step": position.step, "photos": position.photos, "seconds": position.seconds}
        entry |= {"loss": sum(losses) / max(1, len(losses)), "cosine": result.cosine}
        entry |= {f"tar@{name}": value for name, value in result.tar.items()}
        position.history.append(entry)
        errors.log(", ".join(f"{name} {value:.4g}" for name, value in entry.items()))
        if result.goal > position.best:
            position.best = result.goal
            checkpoint.save(self.folder / "best.pt", {"network": self.average.module.state_dict()})
        self.save()


def _optimizer(network: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Return AdamW whose weight decay spares batch norms and biases."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    spared = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": spared, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.rate, fused=True)
