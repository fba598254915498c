"""Relations in the batch: every student nearest to its own teacher."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.losses.base import Lesson, Loss, Subject, register
from microface.learn.train.ranges import Above0


@register("relation")
class Relation(Loss):
    """Symmetric cross-entropy of the similarities of students to teachers in the batch (as InfoNCE).

    The similarity of row i to column i shall be the greatest of its row and column; others' targets are columns only.
    """

    teacher = True

    def __init__(self, subject: Subject, temperature: Above0 = 0.07) -> None:
        super().__init__(subject)
        self.temperature = temperature

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean of both cross-entropies."""
        return contrast(F.normalize(student) @ F.normalize(lesson.targets).T / self.temperature)


def contrast(logits: Tensor) -> Tensor:
    """Return the mean cross-entropy of rows and of columns of `logits` [N, M], M >= N, whose diagonal is right."""
    own = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits[:, : len(logits)].T, own)) / 2
