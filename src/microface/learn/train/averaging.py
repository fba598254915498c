"""Averaged weights: a running mean of a network over its last steps, better than any one of them."""

import copy

import torch
from torch import Tensor, nn


class Average:
    """The exponential average of a module's parameters and statistics; early steps count more while there are few."""

    def __init__(self, module: nn.Module, keep: float) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.keep = keep

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take in `module` after step number `step` (from 0)."""
        keep = min(self.keep, (1 + step) / (10 + step))
        mine, theirs = _values(self.module), _values(module)
        torch._foreach_lerp_(mine, theirs, 1 - keep)


def _values(module: nn.Module) -> list[Tensor]:
    return [value.detach() for value in module.state_dict(keep_vars=True).values() if value.is_floating_point()]
