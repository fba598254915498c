"""Optimizers whose weight decay spares batch norms and biases."""

from collections.abc import Iterable

import torch
from torch import nn

from microface.learn.train.config import TrainConfig

_MOMENTUM = 0.9


def optimizer_of(modules: Iterable[nn.Module], config: TrainConfig) -> torch.optim.Optimizer:
    """Return the optimizer of `config` for the parameters of `modules`."""
    parameters = [p for module in modules for p in module.parameters()]
    decayed, spared = [p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": spared, "weight_decay": 0.0}]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.rate, momentum=_MOMENTUM, nesterov=True)
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=config.rate, fused=True)
