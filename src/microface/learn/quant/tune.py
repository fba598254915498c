"""The quantisation-aware phase of a run: the float student and the teacher both guide the rounded network."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.console import progress
from microface.errors import UserError
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.qat import QuantisedNetwork
from microface.learn.train.config import TrainConfig
from microface.learn.train.data import Batch, Loader
from microface.learn.train.losses import distillation
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


def tune(network: QuantisedNetwork, loader: Loader, config: TrainConfig, options: TuneOptions, run: Path) -> None:
    """Train `network` in place for `options.steps` batches of `loader`; the rate falls by half a cosine to 0.

    A loss that is no number is a `UserError`; the float run in the folder `run` stays as it is.
    """
    graph, guide = network.graph, weights_of(network.graph)
    rate = config.rate * RATE_SHARE
    optimizer = torch.optim.Adam(_groups(network, rate), lr=rate)
    with progress() as bar:
        task = bar.add_task("quantisation-aware training", total=options.steps)
        for step in range(options.steps):
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * 0.5 * (1 + math.cos(math.pi * step / options.steps))
            loss = _loss(network, graph, guide, _batch(loader, step, graph.input_shape[1]), config, options)
            if not math.isfinite(loss.item()):
                raise UserError(
                    run, f"is good, but quantisation-aware training failed at step {step}", "use --method ptq"
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            bar.update(task, advance=1)


def _groups(network: QuantisedNetwork, rate: float) -> list[dict[str, object]]:
    """Return weights and biases at `rate`, step sizes at a rate relative to the size that they start with."""
    plain = [*network.weights.values(), *network.biases.values()]
    sizes = [{"params": [scale], "peak": rate * float(scale.detach())} for scale in network.scales.values()]
    return [{"params": plain, "peak": rate}, *sizes]


def _batch(loader: Loader, step: int, size: int) -> Batch:
    epoch, number = divmod(step, loader.batches)
    return loader.batch(FIRST_EPOCH + epoch, number, size)


def _loss(
    network: QuantisedNetwork,
    graph: FloatGraph,
    guide: dict[str, tuple[Tensor, Tensor]],
    batch: Batch,
    config: TrainConfig,
    options: TuneOptions,
) -> Tensor:
    x = to_input(batch.crops)
    embedding = network(x)
    with torch.no_grad():
        wanted = execute(graph, x, guide, lambda _name, value: value)
    own = 1 - F.cosine_similarity(embedding, wanted).mean()
    teacher = distillation(embedding, torch.from_numpy(batch.targets), config.relation, config.temperature)
    return teacher + options.student * own
