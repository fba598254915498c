"""One phase of training with early stopping: the weights with the lowest loss on the validation pictures are kept."""

import copy
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from microface.console import console
from microface.errors import UserError
from microface.learn.presence.config import PresenceConfig
from microface.learn.presence.lessons import lessons, plain
from microface.learn.train import checkpoint
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


def train(network: nn.Module, material: Material, config: PresenceConfig, course: Course) -> Phase:
    """Train `network` until its validation loss stops falling; it is left with its best weights.

    A phase that was cut off goes on from its last epoch, to the same weights. A loss that is no number is a
    `UserError`.
    """
    network.to(memory_format=torch.channels_last)
    wanted = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(wanted, lr=course.rate, weight_decay=config.weight_decay)
    phase = _resumed(network, optimizer, course)
    for epoch in range(course.first + len(phase.history), course.last):
        if epoch - phase.epoch > config.patience:
            break
        entry = {"epoch": epoch, **_epoch(network, optimizer, material, config, epoch), **_validate(network, material)}
        phase.history.append(entry)
        console.print(_line(entry), highlight=False)
        if entry["validation_loss"] < phase.lowest:
            phase.lowest, phase.epoch = entry["validation_loss"], epoch
            phase.best = copy.deepcopy(network.state_dict())
        state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
        checkpoint.save(course.save, {**state, "phase": vars(phase)})
    network.load_state_dict(phase.best)
    return phase


def _resumed(network: nn.Module, optimizer: torch.optim.Optimizer, course: Course) -> Phase:
    """Return the phase at its begin, or where `course.save` left it."""
    if not course.save.exists():
        return Phase(copy.deepcopy(network.state_dict()), course.first)
    content = checkpoint.load(course.save)
    network.load_state_dict(content["network"])
    optimizer.load_state_dict(content["optimizer"])
    return Phase(**content["phase"])


def _epoch(
    network: nn.Module, optimizer: torch.optim.Optimizer, material: Material, config: PresenceConfig, epoch: int
) -> dict[str, float]:
    network.train()
    losses, right = [], []
    for x, classes in lessons(material.training, material.shape, config, epoch):
        logits = network(x)
        loss = F.cross_entropy(logits, classes)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        right.append((logits.argmax(1) == classes).float().mean().item())
    if not losses:
        raise UserError("windows", "are fewer than a batch", "prepare more, or set a smaller batch")
    if not math.isfinite(losses[-1]):
        raise UserError(f"training in epoch {epoch}", "came to no number", "use a lower --rate or another --seed")
    return {"loss": sum(losses) / len(losses), "accuracy": sum(right) / len(right)}


@torch.inference_mode()
def _validate(network: nn.Module, material: Material) -> dict[str, float]:
    network.eval()
    loss, right = 0.0, 0.0
    for x, classes in plain(material.validation, material.shape):
        logits = network(x)
        loss += F.cross_entropy(logits, classes, reduction="sum").item()
        right += float((logits.argmax(1) == classes).sum())
    count = max(1, len(material.validation))
    return {"validation_loss": loss / count, "validation_accuracy": right / count}


def _line(entry: dict[str, float]) -> str:
    parts = (f"loss {entry['loss']:.4f}", f"accuracy {100 * entry['accuracy']:.1f} %")
    checks = f"validation: loss {entry['validation_loss']:.4f}, accuracy {100 * entry['validation_accuracy']:.1f} %"
    return f"epoch {int(entry['epoch'])}: {', '.join(parts)}; {checks}"
