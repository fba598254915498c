"""Cosine to the teacher."""

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.losses.base import Lesson, Loss, register


@register("cosine")
class Cosine(Loss):
    """1 - mean cosine of the student's embedding and the teacher's of the same view."""

    teacher = True

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return a number from 0 (the same directions) to 2."""
        return 1 - (F.normalize(student) * F.normalize(lesson.own())).sum(1).mean()
