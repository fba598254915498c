"""A margin loss with class centres fixed to the teacher's: people stay apart where the student is short of room."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn.train.losses.base import Lesson, Loss, Subject, over_named, own_class, register
from microface.learn.train.ranges import Above0, From0, FromOne


@register("centres")
class Centres(Loss):
    """Cross-entropy of scaled cosines to the mean teacher's embedding of each person with `fewest` photos or more.

    The own centre's cosine is lowered by `margin` (as in CosFace); nothing but the student learns.
    """

    teacher = True
    names = True
    centres: Tensor
    number: Tensor

    def __init__(self, subject: Subject, fewest: FromOne = 5, scale: Above0 = 32.0, margin: From0 = 0.2) -> None:
        super().__init__(subject)
        self.scale, self.margin = scale, margin
        counts = torch.bincount(subject.people[subject.people >= 0], minlength=subject.classes)
        often = torch.nonzero(counts >= fewest).flatten()
        if len(often) < 2:
            raise UserError("loss centres", f"needs people with {fewest} photos or more", "lower its option fewest")
        number = torch.full((subject.classes + 1,), -1, dtype=torch.long)
        number[often] = torch.arange(len(often))
        centres = torch.zeros(len(often), subject.embedding)
        own = number[subject.people]  # people -1 reads the last entry, which stays -1
        centres.index_add_(0, own[own >= 0], subject.targets[own >= 0])
        self.register_buffer("centres", F.normalize(centres), persistent=False)
        self.register_buffer("number", number, persistent=False)

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean over the views of people who have a centre; 0 where there are none."""
        own = self.number[lesson.people]
        cosines = F.normalize(student) @ self.centres.T
        return over_named(self.scale * (cosines - self.margin * own_class(own, len(self.centres))), own)
