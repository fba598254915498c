"""Classification of the training people by a linear layer, which is cut off afterwards."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.losses.base import Lesson, Loss, Subject, named, nothing, register


@register("cross_entropy")
class CrossEntropy(Loss):
    """Softmax cross-entropy of a linear layer on the embedding; it lives here, so the network is saved without it."""

    names = True

    def __init__(self, subject: Subject, smoothing: float = 0.0) -> None:
        super().__init__(subject)
        self.smoothing = smoothing
        self.classifier = nn.Linear(subject.embedding, subject.classes)

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean over the views of named people."""
        rows = named(lesson.people)
        if len(rows) == 0:
            return nothing(student) + nothing(torch.stack([p.sum() for p in self.parameters()]))
        return F.cross_entropy(self.classifier(student[rows]), lesson.people[rows], label_smoothing=self.smoothing)
