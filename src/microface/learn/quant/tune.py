"""The quantisation-aware phase of a run: the float student and the teacher both guide the rounded network."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn.quant.calibrate import Affine
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.qat import QuantisedNetwork
from microface.learn.train.config import TrainConfig
from microface.learn.train.data import Batch, Loader, open_photos
from microface.learn.train.losses import distillation
from microface.learn.train.schedule import view
from microface.learn.train.team import Team, gathered
from microface.learn.train.validate import to_input

RATE_SHARE = 1 / 20
"""The phase starts at this share of the float run's learning rate."""
FIRST_EPOCH = 1_000_000
"""Epochs of this phase are numbered from here, so that its batches are others than the float run's."""


@dataclass(frozen=True)
class TuneOptions:
    """How many steps, and the weight of the cosine to the float student beside the loss to the teacher."""

    steps: int
    student: float = 1.0


Quantisable = tuple[FloatGraph, dict[str, Affine]]
"""A float graph and the quantisation of its values: what `lower` takes."""


def tuned(start: Quantisable, config: TrainConfig, options: TuneOptions, run: Path) -> Quantisable:
    """Return `start` after `options.steps` batches; the rate falls by half a cosine to 0.

    A loss that is no number is a `UserError`; the float run in the folder `run` stays as it is.
    """
    with gathered(config.threads, _work, start, config, options, run) as team:
        return _work(team, start, config, options, run)


def _work(team: Team, start: Quantisable, config: TrainConfig, options: TuneOptions, run: Path) -> Quantisable:
    """Do one member's share of the training to its end; every member gets the same result."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    training, _ = open_photos(Path(config.data))
    loader = Loader(training, config, team.number, team.size)
    phase = _Phase(team, QuantisedNetwork(*start), loader, config)
    with team.progress() as bar:
        for step in bar.track(range(options.steps), description="quantisation-aware training"):
            if not math.isfinite(phase.step(step / options.steps, step, options.student)):
                what = f"is good, but quantisation-aware training failed at step {step}"
                raise UserError(run, what, "use --method ptq")
    return phase.network.result()


class _Phase:
    """The rounded network, its optimizer and the float network that guides it."""

    def __init__(self, team: Team, network: QuantisedNetwork, loader: Loader, config: TrainConfig) -> None:
        self.team, self.network, self.loader, self.config = team, network, loader, config
        self.guide = weights_of(network.graph)
        self.optimizer = torch.optim.Adam(_groups(network, config.rate * RATE_SHARE))

    def step(self, share: float, number: int, student: float) -> float:
        """Learn from batch `number` when `share` of the phase is done; return the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * 0.5 * (1 + math.cos(math.pi * share))
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss(self._batch(number), student)
        loss.backward()
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        (mean,) = self.team.mean(gradients, [loss.item()])
        self.optimizer.step()
        return mean

    def _batch(self, number: int) -> Batch:
        epoch, place = divmod(number, self.loader.batches)
        return self.loader.batch(FIRST_EPOCH + epoch, place, view(self.config, 1.0, self.network.graph.input_shape[1]))

    def _loss(self, batch: Batch, student: float) -> Tensor:
        x = to_input(batch.crops)
        embedding = self.network(x)
        with torch.no_grad():
            wanted = execute(self.network.graph, x, self.guide, lambda _name, value: value)
        own = 1 - F.cosine_similarity(embedding, wanted).mean()
        targets = torch.from_numpy(batch.targets)
        if targets.shape[1] != wanted.shape[1]:  # a whitened embedding: the float student speaks for the teacher
            targets = wanted
        return distillation(embedding, targets, self.config.relation, self.config.temperature) + student * own


def _groups(network: QuantisedNetwork, rate: float) -> list[dict[str, Any]]:
    """Return weights and biases at `rate`, step sizes at a rate relative to the size that they start with."""
    plain = [*network.weights.values(), *network.biases.values()]
    sizes = [{"params": [scale], "peak": rate * float(scale.detach())} for scale in network.scales.values()]
    return [{**group, "lr": group["peak"]} for group in ({"params": plain, "peak": rate}, *sizes)]
