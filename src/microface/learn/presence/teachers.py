"""What a network learns from: the classes, and what networks that are trained already say of the same windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn import nets
from microface.learn.presence.config import PresenceConfig, load_config
from microface.learn.presence.lessons import read
from microface.learn.train import checkpoint
from microface.network.tensors import Shape


@dataclass(frozen=True)
class Teacher:
    """A trained `network` for inputs of `shape` (H, W, C)."""

    network: nn.Module
    shape: Shape

    @classmethod
    def of(cls, run: Path) -> "Teacher":
        """Return the float network of the finished run in the folder `run`."""
        if not (run / "float.pt").is_file():
            raise UserError(run, "holds no finished run", "give the folder of one that `presence train` ended")
        config = load_config(run / "config.json")
        options = nets.options_of(nets.family(config.net, "presence").name, config.options)
        network = nets.build(config.net, options)
        network.load_state_dict(checkpoint.load(run / "float.pt")["network"])
        channels, rows, columns = options.input_shape
        return cls(network.eval().requires_grad_(False), (rows, columns, channels))


@dataclass(frozen=True)
class Goal:
    """The loss: cross-entropy to the classes, and to the mean opinion of `teachers` (Hinton et al. 2015)."""

    teachers: Sequence[Teacher]
    share: float
    temperature: float

    @classmethod
    def of(cls, config: PresenceConfig) -> "Goal":
        """Return the goal that `config` sets."""
        teachers = [Teacher.of(Path(run)) for run in config.teachers]
        return cls(teachers, config.teacher_share if teachers else 0.0, config.temperature)

    def loss(self, logits: Tensor, classes: Tensor, crops: np.ndarray) -> Tensor:
        """Return the loss of `logits` [n, 2] for `crops` uint8 [n, S, S, 3] of `classes` [n]."""
        hard = F.cross_entropy(logits, classes)
        if not self.teachers:
            return hard
        soft = F.kl_div(F.log_softmax(logits / self.temperature, 1), self.opinion(crops), reduction="batchmean")
        return (1 - self.share) * hard + self.share * self.temperature**2 * soft

    @torch.no_grad()
    def opinion(self, crops: np.ndarray) -> Tensor:
        """Return the mean probabilities [n, 2] that the teachers give `crops` at the temperature."""
        said = [teacher.network(read(crops, teacher.shape)) for teacher in self.teachers]
        return torch.stack([F.softmax(logits / self.temperature, 1) for logits in said]).mean(0)
