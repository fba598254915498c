"""Optimizers whose weight decay spares batch norms and biases."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from microface.learn.train.config import TrainConfig
from microface.learn.train.muon import Muon

_MOMENTUM = 0.9
_COLOURS = 3


class Together:
    """Optimizers of different parameters, as one."""

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        self.parts = parts

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all."""
        return [group for part in self.parts for group in part.param_groups]

    def step(self) -> None:
        """Change the parameters of all by their gradients."""
        for part in self.parts:
            part.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all."""
        for part in self.parts:
            part.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: a list with that of each."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)


def optimizer_of(modules: Iterable[nn.Module], config: TrainConfig) -> torch.optim.Optimizer | Together:
    """Return the optimizer of `config` for the parameters of `modules`.

    `muon` changes dense convolutions behind the first layer; AdamW changes everything else, the embedding too.
    """
    parameters = [p for module in modules for p in module.parameters()]
    if config.optimizer != "muon":
        return _usual(parameters, config)
    inner = [p for p in parameters if p.ndim == 4 and p.shape[1] > _COLOURS]
    chosen = {id(p) for p in inner}
    rest = _usual([p for p in parameters if id(p) not in chosen], config)
    return Together(rest, Muon(inner, config.rate, config.weight_decay)) if inner else rest


def _usual(parameters: list[nn.Parameter], config: TrainConfig) -> torch.optim.Optimizer:
    decayed, spared = [p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": spared, "weight_decay": 0.0}]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.rate, momentum=_MOMENTUM, nesterov=True)
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=config.rate, fused=True)
