"""Classification by angles with a margin: ArcFace (Deng et al. 2019) and CosFace (Wang et al. 2018)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.losses.base import Lesson, Loss, Subject, over_named, own_class, register
from microface.learn.train.ranges import Above0, From0


class _Margin(Loss):
    """Cross-entropy of `scale` x cosines to learned centres of all training people, the own one made harder."""

    names = True

    def __init__(self, subject: Subject, scale: Above0 = 32.0, margin: From0 = 0.35) -> None:
        super().__init__(subject)
        self.scale, self.margin = scale, margin
        self.centres = nn.Parameter(F.normalize(torch.randn(subject.classes, subject.embedding)))

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean over the views of named people; 0 where there are none."""
        cosines = F.normalize(student) @ F.normalize(self.centres).T
        own = own_class(lesson.people, len(self.centres))
        return over_named(self.scale * torch.where(own, self._harder(cosines), cosines), lesson.people)

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
