"""Lifted structured embedding (Oh Song et al. 2016), in its smooth form: every pair against all negatives of both."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.losses.base import Lesson, Loss, Subject, nothing, register
from microface.learn.train.ranges import Above0, From0


@register("lifted")
class Lifted(Loss):
    """Half the mean over positive pairs of max(0, log of the sum over both's negatives of exp(margin - D) + D)^2.

    D are distances of embeddings brought to `length`; at length 1 all negatives weigh nearly alike and little is
    learned. Batches need several photos of a person: `per_person` of 2 or more.
    """

    names = True
    several = True

    def __init__(self, subject: Subject, margin: From0 = 1.0, length: Above0 = 16.0) -> None:
        super().__init__(subject)
        self.margin, self.length = margin, length

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean over pairs of views of one named person; 0 when there are none."""
        unit, people = self.length * F.normalize(student), lesson.people
        same = (people[:, None] == people[None]) & (people[:, None] >= 0)
        first, second = torch.nonzero(torch.triu(same, 1), as_tuple=True)
        if len(first) == 0:
            return nothing(student)
        distance = (2 * self.length**2 - 2 * unit @ unit.T).clamp_min(1e-9).sqrt()
        itself = torch.eye(len(people), dtype=torch.bool, device=student.device)
        negatives = torch.logsumexp((self.margin - distance).masked_fill(same | itself, -1e4), 1)
        each = torch.logaddexp(negatives[first], negatives[second]) + distance[first, second]
        return (F.relu(each) ** 2).mean() / 2
