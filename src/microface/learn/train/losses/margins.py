"""Classification by angles with a margin: ArcFace (Deng et al. 2019) and CosFace (Wang et al. 2018)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.losses.base import Lesson, Loss, Subject, named, nothing, register


class _Margin(Loss):
    """Cross-entropy of `scale` x cosines to learned centres of all training people, the own one made harder."""

    names = True

    def __init__(self, subject: Subject, scale: float = 32.0, margin: float = 0.35) -> None:
        super().__init__(subject)
        self.scale, self.margin = scale, margin
        self.centres = nn.Parameter(F.normalize(torch.randn(subject.classes, subject.embedding)))

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean over the views of named people."""
        rows = named(lesson.people)
        if len(rows) == 0:
            return nothing(student) + nothing(self.centres)
        cosines = F.normalize(student[rows]) @ F.normalize(self.centres).T
        own = F.one_hot(lesson.people[rows], len(self.centres)).bool()
        return F.cross_entropy(self.scale * torch.where(own, self._harder(cosines), cosines), lesson.people[rows])

    def _harder(self, cosines: Tensor) -> Tensor:
        return cosines - self.margin


@register("cosface")
class CosFace(_Margin):
    """The own cosine is lowered by `margin`."""


@register("arcface")
class ArcFace(_Margin):
    """The angle to the own centre is enlarged by `margin` (radians)."""

    def _harder(self, cosines: Tensor) -> Tensor:
        inside = cosines.clamp(-1 + 1e-6, 1 - 1e-6)
        turned = torch.cos(torch.acos(inside) + self.margin)
        return torch.where(inside > -math.cos(self.margin), turned, cosines - self.margin)
