"""Losses, one small file each, and their weighted sums; a new loss is one new file with `@register`."""

import importlib
import pkgutil

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.losses.base import Lesson, Loss, Subject, build, checked_options, kind_of, names
from microface.learn.train.losses.relation import contrast
from microface.learn.train.losses.total import Total

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def distillation(student: Tensor, teacher: Tensor, relation: float, temperature: float) -> Tensor:
    """Return (1 - cosine) + `relation` x symmetric cross-entropy of similarities: the usual sum, without a lesson.

    `student` is [N, D], `teacher` [M, D], M >= N: rows beyond N are others' targets, which only have to be far.
    """
    similarity = F.normalize(student) @ F.normalize(teacher).T
    return 1 - similarity.diagonal().mean() + relation * contrast(similarity / temperature)


__all__ = ["Lesson", "Loss", "Subject", "Total", "build", "checked_options", "distillation", "kind_of", "names"]
