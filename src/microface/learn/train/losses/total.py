"""The weighted sum of losses that a run learns by."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from microface.errors import UserError
from microface.learn.train import schedule
from microface.learn.train.losses.base import Lesson, Loss, Subject, build


class Total(nn.Module):
    """Losses by name, each with a weight that may change over the run."""

    def __init__(self, terms: dict[str, dict[str, Any]], subject: Subject) -> None:
        super().__init__()
        self.weights = {name: options.get("weight", 1.0) for name, options in terms.items()}
        self.losses = nn.ModuleDict({name: build(name, subject, _without_weight(o)) for name, o in terms.items()})

    def forward(self, student: Tensor, lesson: Lesson, share: float) -> Tensor:
        """Return the sum for the embeddings `student` [N, D] when `share` of the run is done."""
        embeddings, parts = student.float(), []
        for name, loss in self.losses.items():
            weight = schedule.weight(self.weights[name], share)
            parts.append(weight * loss(embeddings, lesson))
        return torch.stack(parts).sum()


def _without_weight(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "weight"}


def parsed(text: str) -> tuple[str, dict[str, Any]]:
    """Return name and options of a loss written as `NAME=WEIGHT` or `NAME=WEIGHT,option=value,...`."""
    name, _, rest = text.partition("=")
    weight, *options = rest.split(",") if rest else ["1"]
    try:
        pairs = [option.split("=") for option in options]
        return name, {"weight": float(weight)} | {key: float(value) for key, value in pairs}
    except ValueError as error:
        raise UserError(f"--loss {text}", "cannot be read", "write NAME=WEIGHT or NAME=WEIGHT,margin=0.3") from error


def parsed_terms(texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the losses written as `parsed` reads them, by name; the same one twice is a `UserError`."""
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, options = parsed(text)
        if name in found:
            raise UserError(f"--loss {text}", "is there twice", "give each loss once, with its weight")
        found[name] = options
    return found


__all__ = ["Loss", "Total", "parsed", "parsed_terms"]
