"""One phase of training with early stopping: the weights with the lowest loss on the validation pictures are kept."""

import copy
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.console import console
from microface.errors import UserError
from microface.learn.presence.config import PresenceConfig
from microface.learn.presence.lessons import lessons, plain, read
from microface.learn.presence.teachers import Goal
from microface.learn.train import checkpoint
from microface.learn.train.averaging import Average
from microface.network.tensors import Shape
from microface.photos.presence.store import Windows


@dataclass(frozen=True)
class Material:
    """The windows to train on and those that end the training, for a network with an input of `shape` (H, W, C)."""

    training: Windows
    validation: Windows
    shape: Shape


@dataclass
class Phase:
    """What came of a phase: the `best` weights, their `epoch` and loss, and per epoch losses and accuracies."""

    best: dict[str, Any]
    epoch: int
    lowest: float = math.inf
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Course:
    """From which epoch to which (exclusive) a phase goes at most, at what rate, and where it saves every epoch."""

    first: int
    last: int
    rate: float
    save: Path


@dataclass(frozen=True)
class _Learner:
    """A network with what trains it, and its averaged weights, which are the ones that are judged."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    average: Average
    goal: Goal

    def learn(self, crops: np.ndarray, classes: Tensor, shape: Shape, step: int) -> tuple[float, float]:
        """Take step number `step`; return its loss and accuracy."""
        logits = self.network(read(crops, shape))
        loss = self.goal.loss(logits, classes, crops)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.average.update(self.network, step)
        return loss.item(), (logits.argmax(1) == classes).float().mean().item()

    def state(self) -> dict[str, Any]:
        """Return all that going on needs."""
        parts = {"network": self.network, "average": self.average.module, "optimizer": self.optimizer}
        return {name: part.state_dict() for name, part in parts.items()}

    def restore(self, content: dict[str, Any]) -> None:
        """Go back to a `state`."""
        self.network.load_state_dict(content["network"])
        self.average.module.load_state_dict(content["average"])
        self.optimizer.load_state_dict(content["optimizer"])


def train(network: nn.Module, material: Material, config: PresenceConfig, course: Course) -> Phase:
    """Train `network` until its validation loss stops falling; it is left with its best weights.

    A phase that was cut off goes on from its last epoch, to the same weights. A loss that is no number is a
    `UserError`.
    """
    learner = _learner(network, config, course)
    phase = _resumed(learner, course)
    for epoch in range(course.first + len(phase.history), course.last):
        if epoch - phase.epoch > config.patience:
            break
        judged = _epoch(learner, material, config, epoch, len(phase.history))
        entry = {"epoch": epoch, **judged, **_validate(learner.average.module, material)}
        phase.history.append(entry)
        console.print(_line(entry), highlight=False)
        if entry["validation_loss"] < phase.lowest:
            phase.lowest, phase.epoch = entry["validation_loss"], epoch
            phase.best = copy.deepcopy(learner.average.module.state_dict())
        checkpoint.save(course.save, {**learner.state(), "phase": vars(phase)})
    network.load_state_dict(phase.best)
    return phase


def _learner(network: nn.Module, config: PresenceConfig, course: Course) -> _Learner:
    network.to(memory_format=torch.channels_last)
    wanted = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(wanted, lr=course.rate, weight_decay=config.weight_decay)
    return _Learner(network, optimizer, Average(network, config.average), Goal.of(config))


def _resumed(learner: _Learner, course: Course) -> Phase:
    """Return the phase at its begin, or where `course.save` left it."""
    if not course.save.exists():
        return Phase(copy.deepcopy(learner.network.state_dict()), course.first)
    content = checkpoint.load(course.save)
    learner.restore(content)
    return Phase(**content["phase"])


def _epoch(learner: _Learner, material: Material, config: PresenceConfig, epoch: int, before: int) -> dict[str, float]:
    """Train an epoch, `before` of which came before it in this phase; return its mean loss and accuracy."""
    learner.network.train()
    first = before * (len(material.training) // config.batch)
    taken = [
        learner.learn(crops, classes, material.shape, first + number)
        for number, (crops, classes) in enumerate(lessons(material.training, config, epoch))
    ]
    if not taken:
        raise UserError("windows", "are fewer than a batch", "prepare more, or set a smaller batch")
    if not math.isfinite(taken[-1][0]):
        raise UserError(f"training in epoch {epoch}", "came to no number", "use a lower --rate or another --seed")
    loss, accuracy = np.mean(taken, axis=0).tolist()
    return {"loss": loss, "accuracy": accuracy}


@torch.inference_mode()
def _validate(network: nn.Module, material: Material) -> dict[str, float]:
    network.eval()
    loss, right = 0.0, 0.0
    for crops, classes in plain(material.validation):
        logits = network(read(crops, material.shape))
        loss += F.cross_entropy(logits, classes, reduction="sum").item()
        right += float((logits.argmax(1) == classes).sum())
    count = max(1, len(material.validation))
    return {"validation_loss": loss / count, "validation_accuracy": right / count}


def _line(entry: dict[str, float]) -> str:
    parts = (f"loss {entry['loss']:.4f}", f"accuracy {100 * entry['accuracy']:.1f} %")
    checks = f"validation: loss {entry['validation_loss']:.4f}, accuracy {100 * entry['validation_accuracy']:.1f} %"
    return f"epoch {int(entry['epoch'])}: {', '.join(parts)}; {checks}"
